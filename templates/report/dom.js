// Elements, numbers and sortable tables. All that comes from the tree goes through
// `make`, as text.

function make(name, attributes, ...children) {
	const element = document.createElement(name);
	for (const [key, value] of Object.entries(attributes ?? {})) {
		if (key.startsWith("on"))
			element.addEventListener(key.slice(2), value);
		else if (value === true)
			element.setAttribute(key, "");
		else if (value !== false && value !== undefined && value !== null)
			element.setAttribute(key, value);
	}
	element.append(...children.filter(child => child !== null && child !== undefined));
	return element;
}

function byId(id) {
	return document.getElementById(id);
}

const numbers = new Intl.NumberFormat("en");

function counted(number, noun) {
	return numbers.format(number) + " " + noun + (number === 1 ? "" : "s");
}

function percent(part, whole) {
	return (whole === 0 ? 0 : part * 100 / whole).toFixed(1) + " %";
}

function signed(number) {
	return (number > 0 ? "+" : number < 0 ? "−" : "") + numbers.format(Math.abs(number));
}

// A class has no name where files lie in the top of the tree.
function className(name) {
	return name === "" ? "(top of the tree)" : name;
}

// A table whose columns are `{title, key, cell, number, hide}`: `cell(row)` is a node or
// text, `key` names the order. A click on a title calls `sort(key)`.
function table(caption, columns, rows, sorted, sort) {
	const head = columns.map(column => {
		const is = sorted.key === column.key;
		const order = is ? (sorted.down ? "descending" : "ascending") : "none";
		const button = column.key &&
			make("button", { type: "button", onclick: () => sort(column.key) }, column.title);
		return make("th", {
			scope: "col",
			class: [column.number && "number", column.hide].filter(Boolean).join(" ") || null,
			"aria-sort": column.key ? order : null,
			"data-key": column.key,
		}, button || column.title);
	});
	const body = rows.map(row => make("tr", { class: row.class }, ...columns.map(column =>
		make(column.header ? "th" : "td", {
			scope: column.header ? "row" : null,
			class: [column.number && "number", column.hide].filter(Boolean).join(" ") || null,
		}, column.cell(row)))));
	return make("table", {},
		make("caption", {}, caption),
		make("thead", {}, make("tr", {}, ...head)),
		make("tbody", {}, ...body));
}

// The other way round on the second click; what is counted begins with the most.
function turned(sorted, key, numeric) {
	return sorted.key === key ? { key, down: !sorted.down } : { key, down: numeric };
}

// Keeps the focus on a title that was clicked, though its table is made anew.
function keepFocus(box, draw) {
	const key = box.contains(document.activeElement) &&
		document.activeElement.closest("th")?.dataset.key;
	draw();
	if (key)
		box.querySelector(`th[data-key="${key}"] button`)?.focus();
}
