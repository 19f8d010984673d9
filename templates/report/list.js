// The groups as a table that is filtered, sorted and paged, and the table of classes.

const PAGE_ROWS = 50;
const NOTHING = { q: "", kind: "", level: "", class: "", driver: "", outcome: "", min: "",
	key: "rank", down: false, page: 0 };

// What the address says after its `#`.
function stateOf(hash) {
	const words = new URLSearchParams(hash.replace(/^#/, ""));
	const state = { ...NOTHING };
	for (const key of ["q", "kind", "level", "class", "driver", "outcome", "min"])
		state[key] = words.get(key) ?? "";
	state.key = words.get("sort") ?? NOTHING.key;
	state.down = words.get("down") === "1";
	state.page = Math.max(0, (parseInt(words.get("page"), 10) || 1) - 1);
	return state;
}

function hashOf(state) {
	const words = new URLSearchParams();
	for (const key of ["q", "kind", "level", "class", "driver", "outcome", "min"])
		if (state[key] !== "")
			words.set(key, state[key]);
	if (state.key !== NOTHING.key)
		words.set("sort", state.key);
	if (state.down)
		words.set("down", "1");
	if (state.page > 0)
		words.set("page", state.page + 1);
	return "#" + words;
}

// The groups that meet every filter, in the order asked for.
function filtered(index, state) {
	const { groups, kinds, levels, outcomes } = index;
	const named = (words, name) => words.findIndex(word => word.name === name);
	const kind = named(kinds, state.kind);
	const level = named(levels, state.level);
	const outcome = named(outcomes, state.outcome);
	const min = parseInt(state.min, 10) || 0;
	const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
	const inClass = new Set();
	index.classes.forEach((of, at) => {
		if (of.name === state.class || of.name.startsWith(state.class + "/"))
			inClass.add(at);
	});
	const inDriver = new Set();
	index.drivers.forEach((of, at) => {
		if (of.name === state.driver && (state.class === "" || inClass.has(of.class)))
			inDriver.add(at);
	});
	const text = group => {
		const of = membersOf(index, group);
		const names = of.map(member => groups.name[member] + " " + index.files.path[groups.file[member]]);
		return (idOf(index, group) + " " + names.join(" ")).toLowerCase();
	};
	const takes = group => {
		if (state.kind !== "" && groups.kind[group] !== kind
			|| state.level !== "" && groups.level[group] !== level
			|| groups.lines[group] < min)
			return false;
		if (state.outcome === "proposal" || state.outcome === "refusal") {
			if (outcomes[groups.outcome[group]].proposal !== (state.outcome === "proposal" || undefined))
				return false;
		} else if (state.outcome !== "" && groups.outcome[group] !== outcome)
			return false;
		if (state.class !== "" || state.driver !== "") {
			const [from, to] = [groups.first[group], groups.first[group + 1]];
			let found = false;
			for (let member = from; member < to && !found; member++)
				found = state.driver !== ""
					? inDriver.has(driverOf(index, member)) : inClass.has(classOf(index, member));
			if (!found)
				return false;
		}
		if (words.length === 0)
			return true;
		const all = text(group);
		return words.every(word => all.includes(word));
	};
	const found = [];
	for (let group = 0; group < groups.count; group++)
		if (takes(group))
			found.push(group);
	return ordered(index, found, state);
}

function ordered(index, found, state) {
	const { groups } = index;
	const name = group => groups.name[originalOf(index, group)];
	const firstClass = group => index.classes[classOf(index, originalOf(index, group))].name;
	const of = {
		name, class: firstClass,
		kind: group => groups.kind[group],
		level: group => groups.level[group],
		members: group => groups.members[group],
		lines: group => groups.lines[group],
		outcome: group => groups.outcome[group],
		saved: group => groups.saved[group],
	}[state.key];
	if (!of)
		return state.down ? found.reverse() : found;
	const keyed = found.map(group => [of(group), group]);
	const sign = state.down ? -1 : 1;
	// What is equal stays in the order of the report.
	keyed.sort(([a, first], [b, second]) => (a < b ? -sign : a > b ? sign : first - second));
	return keyed.map(([, group]) => group);
}

class List {
	// `change(state)` is called when another list is asked for.
	constructor(index, change) {
		this.index = index;
		this.change = change;
		this.found = [];
		this.makeFilters();
	}

	makeFilters() {
		const { index } = this;
		const { kinds, levels, outcomes } = index;
		const options = words => words.map(word => make("option", { value: word.name }, word.name));
		const select = (key, title, ...children) => this.field(key, title,
			make("select", { name: key }, make("option", { value: "" }, "all"), ...children));
		const proposals = outcomes.filter(word => word.proposal);
		const refusals = outcomes.filter(word => !word.proposal);
		byId("filters").replaceChildren(
			this.field("q", "Search", make("input", { name: "q", type: "search", autocomplete: "off",
				placeholder: "function, file or id", spellcheck: "false" })),
			select("kind", "Kind", ...options(kinds)),
			select("level", "Level", ...options(levels)),
			select("class", "Class", ...this.classOptions()),
			...(index.planned ? [select("outcome", "Verdict",
				make("optgroup", { label: "Proposals" },
					make("option", { value: "proposal" }, "any proposal"), ...options(proposals)),
				make("optgroup", { label: "Refusals" },
					make("option", { value: "refusal" }, "any refusal"), ...options(refusals)))] : []),
			this.field("min", "Lines from", make("input", { name: "min", type: "number", min: "0",
				inputmode: "numeric" })),
			make("div", { class: "field" }, make("button", { type: "reset" }, "Clear")));
		const form = byId("filters");
		form.addEventListener("submit", event => event.preventDefault());
		form.addEventListener("reset", event => {
			event.preventDefault();
			this.change({ ...NOTHING, key: this.state.key, down: this.state.down });
		});
		let waiting = 0;
		form.addEventListener("input", event => {
			clearTimeout(waiting);
			const wait = event.target.tagName === "SELECT" ? 0 : 150;
			waiting = setTimeout(() => this.ask(), wait);
		});
	}

	field(key, title, input) {
		input.id = "filter-" + key;
		return make("div", { class: "field" }, make("label", { for: input.id }, title), input);
	}

	// Each class, and before those of an umbrella the umbrella.
	classOptions() {
		const names = this.index.classes.map(of => of.name).sort();
		const umbrellas = new Map();
		for (const name of names) {
			const first = name.split("/")[0];
			umbrellas.set(first, (umbrellas.get(first) ?? 0) + 1);
		}
		const all = new Set(names);
		for (const [name, count] of umbrellas)
			if (count > 1)
				all.add(name);
		return [...all].filter(name => name !== "").sort()
			.map(name => make("option", { value: name }, name + (umbrellas.get(name) > 1 ? " (all)" : "")));
	}

	// What the form says now.
	ask() {
		const form = new FormData(byId("filters"));
		const state = { ...this.state, page: 0 };
		for (const key of ["q", "kind", "level", "class", "outcome", "min"])
			state[key] = (form.get(key) ?? "").trim();
		if (state.class !== this.state.class)
			state.driver = "";
		this.change(state);
	}

	show(state) {
		this.state = state;
		for (const key of ["q", "kind", "level", "class", "outcome", "min"]) {
			const input = byId("filter-" + key);
			if (input && input.value.trim() !== state[key])
				input.value = state[key];
		}
		this.found = filtered(this.index, state);
		this.drawCount();
		keepFocus(byId("groups"), () => this.drawRows());
		this.drawPages();
	}

	drawCount() {
		const { groups } = this.index;
		const lines = this.found.reduce((sum, group) => sum + groups.lines[group], 0);
		const all = this.found.length === groups.count
			? counted(groups.count, "group")
			: numbers.format(this.found.length) + " of " + counted(groups.count, "group");
		const chip = this.state.driver === "" ? null : make("button", {
			type: "button", class: "chip", "aria-label": "Show all drivers, not only " + this.state.driver,
			onclick: () => this.change({ ...this.state, driver: "", page: 0 }),
		}, "driver " + this.state.driver + " ✕");
		byId("count").replaceChildren(...[all + ", " + counted(lines, "redundant line") + " ", chip].filter(Boolean));
	}

	drawRows() {
		const { index, state } = this;
		const { groups } = index;
		const first = state.page * PAGE_ROWS;
		const rows = this.found.slice(first, first + PAGE_ROWS).map(group => ({ group }));
		const columns = [
			{ title: "Rank", key: "rank", number: true, hide: "narrow", cell: ({ group }) => numbers.format(group + 1) },
			{ title: "Functions", key: "name", header: true, cell: ({ group }) => this.names(group) },
			{ title: "Kind", key: "kind", hide: "narrow", cell: ({ group }) =>
				make("span", { class: "nowrap" }, index.kinds[groups.kind[group]].name) },
			{ title: "Level", key: "level", hide: "narrow", cell: ({ group }) => index.levels[groups.level[group]].name },
			{ title: "Class", key: "class", hide: "narrow", cell: ({ group }) => this.classes(group) },
			{ title: "Members", key: "members", number: true, hide: "narrow", cell: ({ group }) => numbers.format(groups.members[group]) },
			{ title: "Lines", key: "lines", number: true, cell: ({ group }) => numbers.format(groups.lines[group]) },
		];
		if (index.planned)
			columns.push(
				{ title: "Verdict", key: "outcome", hide: "narrow", cell: ({ group }) => outcomeBadge(index, group) },
				{ title: "Saves", key: "saved", number: true, hide: "narrow", cell: ({ group }) =>
					index.outcomes[groups.outcome[group]].proposal ? numbers.format(groups.saved[group]) : "" });
		const sorted = { key: state.key, down: state.down };
		const numeric = ["members", "lines", "saved"];
		byId("groups").replaceChildren(table("Groups of duplicated code", columns, rows, sorted, key => {
			const { key: by, down } = turned(sorted, key, numeric.includes(key));
			this.change({ ...state, key: by, down, page: 0 });
		}));
	}

	names(group) {
		const { index } = this;
		const { groups } = index;
		const member = originalOf(index, group);
		const name = groups.name[member] + "()";
		const more = groups.members[group] - 1;
		return make("div", {},
			make("a", { href: "#g=" + idOf(index, group) }, name),
			" and " + more + " more",
			make("div", { class: "quiet path" }, index.files.path[groups.file[member]]),
			make("div", { class: "only-narrow" }, index.kinds[groups.kind[group]].name + " ",
				index.planned ? outcomeBadge(index, group) : null));
	}

	classes(group) {
		const names = classesOf(this.index, group).map(of => className(this.index.classes[of].name));
		return names.length > 2 ? names[0] + " and " + (names.length - 1) + " more" : names.join(", ");
	}

	drawPages() {
		const pages = Math.max(1, Math.ceil(this.found.length / PAGE_ROWS));
		const page = Math.min(this.state.page, pages - 1);
		const first = page * PAGE_ROWS;
		const go = (to, title, label) => make("button", { type: "button", disabled: to < 0 || to >= pages || to === page,
			"aria-label": label, onclick: () => {
				this.change({ ...this.state, page: to });
				byId("groups-title").scrollIntoView({ block: "start" });
			} }, title);
		const last = Math.min(first + PAGE_ROWS, this.found.length);
		const range = this.found.length === 0 ? "No groups" :
			numbers.format(first + 1) + "–" + numbers.format(last) + " of " + numbers.format(this.found.length);
		byId("pages").replaceChildren(go(0, "«", "First page"), go(page - 1, "‹ Previous", "Previous page"),
			make("span", {}, range), go(page + 1, "Next ›", "Next page"), go(pages - 1, "»", "Last page"));
	}
}

function outcomeBadge(index, group) {
	const outcome = index.outcomes[index.groups.outcome[group]];
	return make("span", { class: "badge " + (outcome.proposal ? "good" : "plain"), title: outcome.text },
		outcome.name);
}

// Rows of a table that are shown at first.
const FIRST_ROWS = 12;

// Shows all rows of a table or the first ones; nothing where these are all.
function moreButton(count, noun, all, toggle) {
	return count <= FIRST_ROWS ? null : make("button", { type: "button", class: "more",
		"aria-expanded": String(all), onclick: event => {
			const box = event.target.parentElement;
			toggle();
			box.querySelector("button.more")?.focus();
		} }, all ? "Show the first " + FIRST_ROWS : "Show all " + count + " " + noun);
}

// The study's table for this tree.
class Classes {
	// `choose(name)` is called with the class that was clicked.
	constructor(index, choose) {
		this.index = index;
		this.choose = choose;
		this.sorted = { key: "redundant_lines", down: true };
		this.all = false;
		this.draw();
	}

	draw() {
		const { index, sorted } = this;
		const share = of => of.redundant_lines / Math.max(1, of.function_lines);
		const value = (of, key) => key === "share" ? share(of)
			: key.startsWith("level-") ? of.by_level[key.slice(6)] : of[key];
		const sign = sorted.down ? -1 : 1;
		const rows = [...index.classes].sort((a, b) => {
			const [first, second] = [value(a, sorted.key), value(b, sorted.key)];
			return first < second ? -sign : first > second ? sign : 0;
		});
		const shown = this.all ? rows : rows.slice(0, FIRST_ROWS);
		const count = (title, key, hide) => ({ title, key, number: true, hide,
			cell: of => numbers.format(value(of, key)) });
		const columns = [
			{ title: "Class", key: "name", header: true, cell: of => of.total ? "All classes"
				: make("button", { type: "button", class: "link", onclick: () => this.choose(of.name) }, className(of.name)) },
			count("Drivers", "drivers", "narrow"),
			count("Functions", "functions", "narrow"),
			count("Lines", "function_lines", "narrow"),
			count("Groups", "groups", "narrow"),
			count("Redundant", "redundant_lines"),
			{ title: "Share", key: "share", number: true, cell: of => this.bar(share(of), of) },
			count("In a driver", "level-0", "medium"),
			count("Subset", "level-1", "medium"),
			count("Class", "level-2", "medium"),
			count("Across", "level-3", "medium"),
		];
		const sort = key => {
			this.sorted = turned(sorted, key, key !== "name");
			keepFocus(byId("classes"), () => this.draw());
		};
		const more = moreButton(rows.length, "classes", this.all, () => {
			this.all = !this.all;
			this.draw();
		});
		byId("classes").replaceChildren(...[
			table("Redundant lines by class", columns, [...shown, this.total(rows)], sorted, sort), more].filter(Boolean));
	}

	// A group of two classes counts once.
	total(rows) {
		const total = { total: true, class: "total", name: "", groups: this.index.groups.count, by_level: [0, 0, 0, 0] };
		for (const key of ["drivers", "functions", "function_lines", "redundant_lines"])
			total[key] = rows.reduce((sum, of) => sum + of[key], 0);
		rows.forEach(of => of.by_level.forEach((lines, at) => total.by_level[at] += lines));
		return total;
	}

	bar(share, of) {
		return make("span", { class: "share share-" + shade(share) }, percent(of.redundant_lines, of.function_lines));
	}
}

// How many groups came to each verdict or reason.
class Outcomes {
	// `choose(name)` is called with the one that was clicked.
	constructor(index, choose) {
		this.choose = choose;
		this.all = false;
		this.rows = index.outcomes.map(word => ({ ...word, groups: 0, lines: 0 }));
		index.groups.outcome.forEach((of, group) => {
			this.rows[of].groups++;
			this.rows[of].lines += index.groups.lines[group];
		});
		this.rows = this.rows.filter(row => row.groups > 0);
		byId("outcomes-part").hidden = false;
		this.draw();
	}

	draw() {
		const { rows } = this;
		const most = Math.max(...rows.map(row => row.groups), 1);
		const badge = row => make("span", { class: "badge " + (row.proposal ? "good" : "plain") }, row.name);
		const columns = [
			{ title: "Verdict or reason", header: true, cell: row => make("button", { type: "button",
				class: "link", title: row.text, onclick: () => this.choose(row.name) }, badge(row)) },
			{ title: "Groups", number: true, cell: row => numbers.format(row.groups) },
			{ title: "Redundant lines", number: true, cell: row => numbers.format(row.lines) },
			{ title: "Meaning", hide: "narrow", cell: row => make("span", { class: "quiet" }, row.text) },
			{ title: "Part", hide: "narrow", cell: row => {
				const bar = make("span", { class: "bar" });
				bar.style.width = 6 * row.groups / most + "rem";
				return bar;
			} },
		];
		const shown = this.all ? rows : rows.slice(0, FIRST_ROWS);
		const more = moreButton(rows.length, "reasons", this.all, () => {
			this.all = !this.all;
			this.draw();
		});
		byId("outcomes").replaceChildren(...[
			table("Groups by what became of them", columns, shown, {}, null), more].filter(Boolean));
	}
}
