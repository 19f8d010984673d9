// One group: its members side by side with the holes marked, the diff and the verdict.

// Lines beyond which two members are not aligned: the table for it would be too large.
const MOST_CELLS = 4e6;

// The pairs of a longest common subsequence of two lists, as numbers.
function common(left, right) {
	let start = 0;
	while (start < left.length && start < right.length && left[start] === right[start])
		start++;
	let [endLeft, endRight] = [left.length, right.length];
	while (endLeft > start && endRight > start && left[endLeft - 1] === right[endRight - 1])
		[endLeft, endRight] = [endLeft - 1, endRight - 1];
	const pairs = [];
	for (let at = 0; at < start; at++)
		pairs.push([at, at]);
	const [rows, columns] = [endLeft - start, endRight - start];
	if (rows * columns <= MOST_CELLS) {
		const width = columns + 1;
		const best = new Uint32Array((rows + 1) * width);
		for (let row = rows - 1; row >= 0; row--)
			for (let column = columns - 1; column >= 0; column--)
				best[row * width + column] = left[start + row] === right[start + column]
					? best[(row + 1) * width + column + 1] + 1
					: Math.max(best[(row + 1) * width + column], best[row * width + column + 1]);
		let [row, column] = [0, 0];
		while (row < rows && column < columns)
			if (left[start + row] === right[start + column])
				pairs.push([start + row++, start + column++]);
			else if (best[(row + 1) * width + column] >= best[row * width + column + 1])
				row++;
			else
				column++;
	}
	for (let at = 0; endLeft + at < left.length; at++)
		pairs.push([endLeft + at, endRight + at]);
	return pairs;
}

// The lines of a member, each a list of `{text, hole}`; `hole` is a number or nothing.
function linesOf(text) {
	const lines = [[]];
	text.text.forEach((piece, at) => {
		const hole = at % 2 === 1 ? text.holes[(at - 1) / 2] : undefined;
		piece.split("\n").forEach((part, nth) => {
			if (nth > 0)
				lines.push([]);
			if (part !== "")
				lines.at(-1).push({ text: part, hole });
		});
	});
	return lines;
}

// A line as it is compared: the holes may differ, and so may the room before it.
function keyOf(line) {
	return line.map(part => part.hole === undefined ? part.text : "\0" + part.hole).join("").trim();
}

// Rows of a line of each, `null` where one has none. Lines between those that are alike
// stand beside each other as long as there are some.
function aligned(left, right) {
	const rows = [];
	let [l, r] = [0, 0];
	const upTo = (endLeft, endRight) => {
		while (l < endLeft || r < endRight)
			rows.push({
				left: l < endLeft ? l++ : null,
				right: r < endRight ? r++ : null,
				differs: true,
			});
	};
	for (const [atLeft, atRight] of common(left.map(keyOf), right.map(keyOf))) {
		upTo(atLeft, atRight);
		rows.push({ left: l++, right: r++, differs: false });
	}
	upTo(left.length, right.length);
	return rows;
}

// The line with the words marked that the other one has not.
function markWords(line, other) {
	const words = parts => parts.flatMap(part => (part.text.match(/\w+|\s+|[^\w\s]/g) ?? [])
		.map(text => ({ text, hole: part.hole })));
	const [mine, others] = [words(line), words(other)];
	const kept = new Set(common(mine.map(word => word.text), others.map(word => word.text)).map(pair => pair[0]));
	// Where little is the same, single words say nothing.
	const inked = mine.filter(word => word.text.trim() !== "");
	const same = mine.filter((word, at) => kept.has(at) && word.text.trim() !== "");
	if (same.length * 2 < inked.length)
		return line;
	return mine.map((word, at) => ({ ...word, changed: !kept.has(at) && word.text.trim() !== "" }));
}

class GroupView {
	constructor(index) {
		this.index = index;
		this.wide = matchMedia("(min-width: 60rem)");
		this.wide.addEventListener("change", () => this.details && this.drawCode());
	}

	// Shows a group; `list` are those before and after it.
	async show(group, list, back) {
		this.group = group;
		this.details = null;
		const root = byId("group");
		root.replaceChildren(make("p", { role: "status" }, "Reading the group…"));
		const details = await readDetails(this.index, group);
		if (this.group !== group)
			return;
		this.details = details;
		const { groups } = this.index;
		this.pair = [groups.original[group], groups.original[group] === 0 ? 1 : 0];
		const title = make("h2", { tabindex: "-1", id: "group-title" }, groups.title[group]);
		root.setAttribute("aria-labelledby", "group-title");
		root.replaceChildren(...[this.navigation(list, back), title, this.facts(), this.code(),
			this.holes(), this.outcome(), this.members()].filter(Boolean));
		this.drawCode();
		title.focus({ preventScroll: true });
		scrollTo(0, 0);
	}

	navigation(list, back) {
		const at = list.indexOf(this.group);
		const link = (to, text) => to === undefined ? null
			: make("a", { href: "#g=" + idOf(this.index, to) }, text);
		return make("nav", { "aria-label": "Groups", class: "steps" },
			make("a", { href: back, id: "back" }, "← All groups"),
			at > 0 ? link(list[at - 1], "‹ Previous") : null,
			at >= 0 ? link(list[at + 1], "Next ›") : null);
	}

	facts() {
		const { index, group, details } = this;
		const kind = index.kinds[index.groups.kind[group]];
		const level = index.levels[index.groups.level[group]];
		const id = idOf(index, group);
		return make("dl", { class: "facts" },
			make("dt", {}, "Group"), make("dd", {}, make("code", {}, id), " (",
				make("code", {}, "drvdedup show " + id), ")"),
			make("dt", {}, kind.name), make("dd", {}, kind.text),
			make("dt", {}, level.name), make("dd", {}, level.text),
			...(index.planned ? [make("dt", {}, "Verdict"), make("dd", {}, outcomeBadge(index, group), " ",
				index.groups.saved[group] > 0 ? "saves " + counted(index.groups.saved[group], "line") : "")] : []),
			...(details.adds_nothing ? [make("dt", {}, "adds nothing"), make("dd", {},
				"Each member only hands its parameters on: callers could call what it calls.")] : []));
	}

	outcome() {
		const { index, group, details } = this;
		if (!index.planned)
			return null;
		const outcome = index.outcomes[index.groups.outcome[group]];
		if (details.proposal)
			return this.proposal(details.proposal, outcome);
		const refusal = details.refusal;
		return make("section", { class: "outcome" },
			make("h3", {}, "Refused: ", outcomeBadge(index, group)),
			make("p", {}, outcome.text + "."),
			refusal ? make("p", {}, refusal.detail, " ", make("code", { class: "path" }, "at " + refusal.at)) : null);
	}

	proposal(proposal, outcome) {
		const fact = (name, ...value) => [make("dt", {}, name), make("dd", {}, ...value)];
		const { index, group } = this;
		return make("section", { class: "outcome" },
			make("h3", {}, "Proposal: ", outcomeBadge(index, group)),
			make("p", {}, outcome.text),
			make("dl", { class: "facts" },
				...fact("Proposal", make("code", {}, proposal.id)),
				...fact("Rule", proposal.rewrite === proposal.strategy
					? proposal.rewrite : proposal.rewrite + " (" + proposal.strategy + ")"),
				...fact("Lines", "+" + proposal.added + " −" + proposal.removed),
				...fact("Patch", make("code", { class: "path" }, proposal.path)),
				...proposal.proof.flatMap(([name, value]) => fact(name, value)),
				...proposal.notes.flatMap(note => fact("Note", note))),
			make("h3", {}, "Message"),
			make("pre", { class: "message", tabindex: "0" }, proposal.message),
			make("h3", {}, "Diff"),
			this.diff(proposal.patch));
	}

	diff(patch) {
		let head = true;
		const lines = patch.replace(/\n$/, "").split("\n").map(line => {
			head = line.startsWith("diff --git ") || head && !line.startsWith("@@");
			const role = head ? "head" : { "@": "hunk", "+": "added", "-": "removed" }[line[0]] ?? "kept";
			return make("span", { class: role }, line + "\n");
		});
		return make("pre", { class: "diff", tabindex: "0", "aria-label": "Diff" }, ...lines);
	}

	code() {
		const { index, group, details } = this;
		const title = member => {
			const number = index.groups.first[group] + member;
			const path = index.files.path[index.groups.file[number]];
			return index.groups.name[number] + "() " + path + ":" + details.lines[member][0];
		};
		const select = (side, name) => make("label", {}, name + " ", make("select", {
			id: "member-" + side,
			onchange: event => {
				this.pair[side] = Number(event.target.value);
				this.drawCode();
			},
		}, ...details.texts.map(text => make("option", { value: text.member,
			selected: text.member === this.pair[side] }, title(text.member)))));
		const missing = details.lines.length - details.texts.length;
		return make("section", {}, make("h3", {}, "Side by side"),
			make("div", { class: "pair" }, select(0, "Left"), select(1, "Right")),
			missing > 0 ? make("p", { class: "quiet" },
				"The text of " + counted(missing, "more member") + " is not in this file; drvdedup show -v " +
				idOf(index, group) + " prints it.") : null,
			make("div", { id: "code" }));
	}

	// On a wide window one table, so that what belongs together stands on one line; on a
	// narrow one the members below each other.
	drawCode() {
		const texts = this.pair.map(member => this.details.texts.find(text => text.member === member));
		const lines = texts.map(text => text.text.length === 0
			? [[{ text: "(the file can no longer be read)" }]] : linesOf(text));
		const first = this.pair.map(member => this.details.lines[member][0]);
		const rows = aligned(lines[0], lines[1]);
		const cells = (row, side) => {
			const at = side === 0 ? row.left : row.right;
			const other = side === 0 ? row.right : row.left;
			if (at === null)
				return [make("td", { class: "line" }), make("td", { class: "text none" })];
			const line = lines[side][at];
			const parts = row.differs && other !== null ? markWords(line, lines[1 - side][other]) : line;
			return [make("td", { class: "line" }, String(first[side] + at)),
				make("td", { class: row.differs ? "text differs" : "text" }, ...parts.map(part => this.part(part)))];
		};
		const tables = this.wide.matches
			? [this.codeTable(rows.map(row => [...cells(row, 0), ...cells(row, 1)]), "both members")]
			: [0, 1].map(side => this.codeTable(rows.filter(row => (side === 0 ? row.left : row.right) !== null)
				.map(row => cells(row, side)), side === 0 ? "the left member" : "the right member"));
		const cut = texts.some(text => text.cut) ? make("p", { class: "quiet" },
			"Only the beginning of these functions is in this file.") : null;
		byId("code").replaceChildren(...[...tables, cut].filter(Boolean));
	}

	codeTable(rows, caption) {
		return make("table", { class: "code" }, make("caption", { class: "unseen" }, "Text of " + caption),
			make("colgroup", {}, ...(rows[0] ?? []).map(cell => make("col", { class: cell.className.split(" ")[0] }))),
			make("tbody", {}, ...rows.map(cells => make("tr", {}, ...cells))));
	}

	part(part) {
		if (part.hole !== undefined) {
			const hole = this.details.holes[part.hole];
			return make("mark", { class: "hole", title: "hole " + (part.hole + 1) + " (" + hole.kind + ")" }, part.text);
		}
		return part.changed ? make("mark", { class: "changed" }, part.text) : part.text;
	}

	holes() {
		const { index, group, details } = this;
		if (details.holes.length === 0)
			return null;
		const first = index.groups.first[group];
		const values = hole => {
			const by = new Map();
			hole.values.forEach((value, member) => by.set(value, [...by.get(value) ?? [], index.groups.name[first + member]]));
			return make("ul", { class: "values" }, ...[...by].slice(0, 20).map(([value, names]) => make("li", {},
				make("code", {}, value === "" ? "(nothing)" : value), " ",
				make("span", { class: "quiet" }, names.slice(0, 4).join(", ") +
					(names.length > 4 ? " and " + (names.length - 4) + " more" : "")))),
				by.size > 20 ? make("li", { class: "quiet" }, "and " + (by.size - 20) + " more values") : null);
		};
		const rows = details.holes.map((hole, at) => ({ hole, at }));
		return make("section", {}, make("h3", {}, "Holes"), table("Where the members differ", [
			{ title: "Hole", header: true, cell: row => String(row.at + 1) },
			{ title: "Kind", cell: row => row.hole.kind },
			{ title: "Places", number: true, hide: "narrow", cell: row => row.hole.places || "loose" },
			{ title: "Values", cell: row => values(row.hole) },
		], rows, {}, null));
	}

	members() {
		const { index, group, details } = this;
		const rows = membersOf(index, group).map((member, at) => ({ member, at }));
		return make("section", {}, make("h3", {}, "Members"), table("Members of the group", [
			{ title: "Function", header: true, cell: row => index.groups.name[row.member] + "()" },
			{ title: "Place", cell: row => make("span", { class: "path" },
				index.files.path[index.groups.file[row.member]] + ":" + details.lines[row.at].join("-")) },
			{ title: "Driver", cell: row => index.drivers[driverOf(index, row.member)].name },
			{ title: "Class", hide: "narrow", cell: row => className(index.classes[classOf(index, row.member)].name) },
		], rows, {}, null));
	}
}
