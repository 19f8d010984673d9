// Puts the page together, and goes where the address says: `#g=ID` is a group, all else
// is what the list shows.

function tiles(index) {
	const { totals, groups, planned, outcomes } = index;
	const tile = (name, value, more) => make("div", {}, make("dt", {}, name),
		make("dd", {}, make("b", {}, value), make("span", { class: "quiet" }, more)));
	const all = [
		tile("Groups", numbers.format(groups.count), "in " + counted(totals.functions, "function")),
		tile("Redundant lines", numbers.format(totals.redundant_lines),
			percent(totals.redundant_lines, totals.function_lines) + " of all functions' lines"),
	];
	if (planned) {
		const proposals = groups.outcome.filter(of => outcomes[of].proposal).length;
		all.push(tile("Proposals", numbers.format(proposals), signed(totals.lines_added - totals.lines_removed) + " lines"),
			tile("Refusals", numbers.format(groups.count - proposals), "each with a reason"));
	}
	byId("tiles").replaceChildren(...all);
}

function origin(index) {
	const { totals } = index;
	byId("tree").replaceChildren(index.tree.split("/").filter(Boolean).at(-1) ?? index.tree);
	document.title = "Duplicated code in " + index.tree;
	const parts = [index.kernel ? "Linux " + index.kernel : "not a kernel tree",
		counted(totals.files, "file"), counted(totals.lines, "line"), "drvdedup " + index.program];
	if (totals.unreadable > 0)
		parts.push(counted(totals.unreadable, "file") + " could not be read");
	if (totals.kept > 0)
		parts.push(counted(totals.kept, "function") + " kept out by a comment");
	byId("origin").replaceChildren(parts.join(" · "));
}

function leftOut(index) {
	const { texts, cut, most } = index.left_out;
	const parts = [];
	if (texts > 0)
		parts.push("the text of " + counted(texts, "member") + ", of groups with more than " + most);
	if (cut > 0)
		parts.push("the end of " + counted(cut, "very long function"));
	byId("left-out").replaceChildren(parts.length === 0
		? "The text of every member is in this file."
		: "Not in this file: " + parts.join("; ") + ".");
}

async function main() {
	if (!window.DecompressionStream)
		throw new Error("this browser cannot unpack the report; a newer one can");
	const index = await readIndex();
	let state = { ...NOTHING };
	let from = null;
	const go = next => {
		state = next;
		history.replaceState(null, "", hashOf(next));
		draw().catch(fail);
	};
	const list = new List(index, go);
	const view = new GroupView(index);
	const toList = () => byId("groups-title").scrollIntoView({ block: "start" });
	const map = new TreeMap(index, (of, driver) => {
		const name = of === null ? "" : index.classes[of].name;
		go({ ...state, class: name, driver: driver === null ? "" : index.drivers[driver].name, page: 0 });
		if (driver !== null)
			toList();
	});
	new Classes(index, name => {
		go({ ...state, class: name, driver: "", page: 0 });
		toList();
	});
	if (index.planned)
		new Outcomes(index, name => {
			go({ ...state, outcome: name, page: 0 });
			toList();
		});

	const drawList = () => {
		byId("group").hidden = true;
		byId("overview").hidden = byId("list").hidden = false;
		list.show(state);
		const open = index.classes.findIndex(of => of.name === state.class);
		map.show(state.class === "" || open < 0 ? null : open);
	};
	const drawGroup = async (id) => {
		const group = index.groups.number.get(id);
		if (group === undefined) {
			byId("status").replaceChildren("There is no group " + id + " in this report.");
			byId("status").hidden = false;
			state = { ...NOTHING };
			drawList();
			return;
		}
		from = id;
		byId("overview").hidden = byId("list").hidden = true;
		byId("group").hidden = false;
		if (list.found.length === 0)
			list.found = filtered(index, state);
		await view.show(group, list.found, hashOf(state));
	};
	const draw = async () => {
		byId("status").hidden = true;
		const id = new URLSearchParams(location.hash.slice(1)).get("g");
		if (id !== null)
			return drawGroup(id);
		state = stateOf(location.hash);
		drawList();
		if (from !== null) {
			const link = document.querySelector(`#groups a[href="#g=${CSS.escape(from)}"]`);
			(link ?? byId("groups-title")).focus();
			from = null;
		}
	};
	addEventListener("hashchange", () => draw().catch(fail));
	byId("skip").addEventListener("click", event => {
		event.preventDefault();
		byId("groups-title").focus();
		toList();
	});
	origin(index);
	tiles(index);
	leftOut(index);
	byId("main").hidden = false;
	await draw();
	document.documentElement.dataset.ready = Math.round(performance.now());
}

function fail(error) {
	byId("status").hidden = false;
	byId("status").replaceChildren("The report cannot be shown: " + error.message);
	console.error(error);
}

main().catch(fail);
