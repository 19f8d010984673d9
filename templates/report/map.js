// The tree as boxes: classes, and in them drivers. Squarified as in Bruls, Huizing and
// van Wijk, "Squarified Treemaps" (2000).

// Shares from which on a box is darker; the first is that of the lightest.
const SHARES = [0, 0.02, 0.05, 0.1, 0.2, 0.35];

function shade(share) {
	let at = SHARES.length - 1;
	while (at > 0 && share < SHARES[at])
		at--;
	return at;
}

// Lays `items`, largest first, into the box; `size` is what their areas stand for.
function squarify(items, box, place) {
	let total = items.reduce((sum, item) => sum + item.size, 0);
	let { x, y, width, height } = box;
	let row = [];
	let sum = 0;
	const worst = (size, most, least) => {
		const side = Math.min(width, height);
		const thickness = size / total * width * height / side;
		const longest = most / size * side;
		const shortest = least / size * side;
		return Math.max(longest / thickness, thickness / longest,
			shortest / thickness, thickness / shortest);
	};
	const flush = () => {
		const flat = width < height;
		const part = total === 0 ? 0 : sum / total;
		let along = 0;
		for (const item of row) {
			const share = item.size / sum;
			place(item, flat
				? { x: x + along, y, width: width * share, height: height * part }
				: { x, y: y + along, width: width * part, height: height * share });
			along += (flat ? width : height) * share;
		}
		if (flat)
			[y, height] = [y + height * part, height * (1 - part)];
		else
			[x, width] = [x + width * part, width * (1 - part)];
		total -= sum;
		[row, sum] = [[], 0];
	};
	for (const item of items) {
		if (item.size <= 0)
			continue;
		const longer = sum + item.size;
		if (row.length > 0 &&
			worst(longer, row[0].size, item.size) > worst(sum, row[0].size, row.at(-1).size))
			flush();
		row.push(item);
		sum += item.size;
	}
	if (row.length > 0)
		flush();
}

function bySize(items) {
	return items.filter(item => item.size > 0).sort((a, b) => b.size - a.size);
}

class TreeMap {
	// `choose(class, driver)` is called at a click, with numbers or nothing.
	constructor(index, choose) {
		this.index = index;
		this.choose = choose;
		this.open = null;
		this.boxes = [];
		this.root = byId("map");
		this.canvas = this.root.querySelector("canvas");
		this.cells = byId("map-cells");
		new ResizeObserver(() => this.draw()).observe(this.root);
		matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
		this.root.addEventListener("pointermove", event => this.point(event));
		this.root.addEventListener("pointerleave", () => byId("map-tip").replaceChildren("\u00a0"));
		this.cells.addEventListener("focusin", event => this.tell(event.target.dataset.tip));
		this.legend();
	}

	// Shows the drivers of one class, or with null all classes.
	show(open) {
		this.open = open;
		const all = make("button", { type: "button", onclick: () => this.choose(null, null) },
			"All classes");
		const bar = open === null ? ["All classes"] : [all, " › " + this.name(open)];
		byId("map-bar").replaceChildren(...bar);
		this.draw();
	}

	name(number) {
		return className(this.index.classes[number].name);
	}

	drivers(number) {
		const of = [];
		this.index.drivers.forEach((driver, at) => {
			if (driver.class === number)
				of.push({ size: driver.function_lines, driver: at });
		});
		return bySize(of);
	}

	draw() {
		const width = this.root.clientWidth;
		const height = this.root.clientHeight;
		if (width === 0 || this.width === width && this.height === height && this.drawn === this.look())
			return;
		[this.width, this.height, this.drawn] = [width, height, this.look()];
		this.boxes = [];
		const whole = { x: 0, y: 0, width, height };
		if (this.open === null)
			this.layClasses(whole);
		else
			squarify(this.drivers(this.open), whole, (item, box) => this.boxes.push({ ...item, ...box }));
		this.paint(width, height);
		this.label();
	}

	look() {
		return this.open + " " + matchMedia("(prefers-color-scheme: dark)").matches;
	}

	layClasses(whole) {
		const classes = this.index.classes.map((of, at) => ({ size: of.function_lines, class: at }));
		const of = new Map(classes.map(item => [item.class, []]));
		this.index.drivers.forEach((driver, at) =>
			of.get(driver.class).push({ size: driver.function_lines, driver: at }));
		squarify(bySize(classes), whole, (item, box) => {
			const head = box.height > 34 && box.width > 36 ? 17 : 0;
			const inner = { x: box.x + 1, y: box.y + 1 + head, width: Math.max(0, box.width - 2),
				height: Math.max(0, box.height - 2 - head) };
			this.boxes.push({ ...item, ...box, head });
			squarify(bySize(of.get(item.class)), inner, (driver, at) =>
				this.boxes.push({ ...driver, ...at }));
		});
	}

	paint(width, height) {
		const scale = window.devicePixelRatio || 1;
		[this.canvas.width, this.canvas.height] = [width * scale, height * scale];
		const ink = this.canvas.getContext("2d");
		const style = getComputedStyle(this.root);
		const shades = SHARES.map((_, at) => style.getPropertyValue("--share-" + at));
		const ground = style.getPropertyValue("--ground");
		ink.scale(scale, scale);
		ink.fillStyle = ground;
		ink.fillRect(0, 0, width, height);
		for (const box of this.boxes) {
			const of = box.driver === undefined ? this.index.classes[box.class] : this.index.drivers[box.driver];
			ink.fillStyle = box.head === 0 || box.driver !== undefined
				? shades[shade(of.redundant_lines / Math.max(1, of.function_lines))]
				: style.getPropertyValue("--panel");
			ink.fillRect(box.x, box.y, box.width, box.height);
			if (box.width > 3 && box.height > 3) {
				ink.strokeStyle = ground;
				ink.lineWidth = box.driver === undefined ? 2 : 0.7;
				ink.strokeRect(box.x, box.y, box.width, box.height);
			}
		}
	}

	// A button for each class, or in an open one for each driver that a finger can hit.
	label() {
		const wanted = this.boxes.filter(box => this.open === null
			? box.driver === undefined : box.width >= 12 && box.height >= 12);
		this.cells.replaceChildren(...wanted.map(box => {
			const tip = this.text(box);
			const name = box.driver === undefined
				? this.name(box.class) : this.index.drivers[box.driver].name;
			const button = make("button", { type: "button", "aria-label": tip, "data-tip": tip,
				class: box.driver === undefined ? "class" : "driver", onclick: () => this.click(box) });
			if (box.driver === undefined ? box.head > 0 : box.width > 40 && box.height > 15)
				button.append(make("span", {}, name));
			Object.assign(button.style, { left: box.x + "px", top: box.y + "px",
				width: box.width + "px", height: box.height + "px" });
			return button;
		}));
	}

	click(box) {
		if (box.driver === undefined)
			this.choose(box.class, null);
		else
			this.choose(this.index.drivers[box.driver].class, box.driver);
	}

	text(box) {
		const of = box.driver === undefined ? this.index.classes[box.class] : this.index.drivers[box.driver];
		const name = box.driver === undefined
			? this.name(box.class) : of.name + " (" + this.name(of.class) + ")";
		return name + ": " + counted(of.function_lines, "line") + " of functions, " +
			numbers.format(of.redundant_lines) + " redundant, " +
			percent(of.redundant_lines, of.function_lines);
	}

	point(event) {
		const frame = this.root.getBoundingClientRect();
		const [x, y] = [event.clientX - frame.left, event.clientY - frame.top];
		const inside = box => x >= box.x && x < box.x + box.width &&
			y >= box.y && y < box.y + box.height;
		const box = this.boxes.findLast(inside);
		this.tell(box && this.text(box));
	}

	tell(tip) {
		if (tip)
			byId("map-tip").replaceChildren(tip);
	}

	legend() {
		const words = SHARES.map((share, at) => {
			const next = SHARES[at + 1];
			const text = at === 0 ? "under 2 %" : next === undefined
				? share * 100 + " % and more" : share * 100 + "–" + next * 100 + " %";
			return make("span", { class: "swatch" },
				make("i", { class: "share-" + at }), text);
		});
		byId("legend").replaceChildren("redundant: ", ...words);
		byId("map-tip").replaceChildren("\u00a0");
	}
}
