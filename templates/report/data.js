"use strict";

// Unpacks the data blocks of the page: JSON, deflated, in base64.

function bytesOf(base64) {
	if (Uint8Array.fromBase64)
		return Uint8Array.fromBase64(base64);
	const text = atob(base64);
	const bytes = new Uint8Array(text.length);
	for (let at = 0; at < text.length; at++)
		bytes[at] = text.charCodeAt(at);
	return bytes;
}

async function unpack(id) {
	const block = document.getElementById(id);
	if (!block)
		throw new Error("this file is not complete: " + id + " is not in it");
	const packed = new Blob([bytesOf(block.textContent)]).stream();
	const text = packed.pipeThrough(new DecompressionStream("deflate-raw"));
	return JSON.parse(await new Response(text).text());
}

// The index, with what the lists ask of it again and again.
async function readIndex() {
	const index = await unpack("index");
	const groups = index.groups;
	groups.count = groups.kind.length;
	groups.first = new Uint32Array(groups.count + 1);
	for (let at = 0; at < groups.count; at++)
		groups.first[at + 1] = groups.first[at] + groups.members[at];
	groups.number = new Map();
	for (let at = 0; at < groups.count; at++)
		groups.number.set(idOf(index, at), at);
	return index;
}

function idOf(index, group) {
	return index.groups.id.slice(8 * group, 8 * group + 8);
}

// The numbers of a group's members among those of all groups.
function membersOf(index, group) {
	const first = index.groups.first[group];
	return Array.from({ length: index.groups.members[group] }, (_, at) => first + at);
}

function driverOf(index, member) {
	return index.files.driver[index.groups.file[member]];
}

function classOf(index, member) {
	return index.drivers[driverOf(index, member)].class;
}

// The classes of a group, each once.
function classesOf(index, group) {
	return [...new Set(membersOf(index, group).map(member => classOf(index, member)))];
}

// The member that would stay.
function originalOf(index, group) {
	return index.groups.first[group] + index.groups.original[group];
}

const chunks = new Map();

// The texts of a group: those of its chunk are unpacked together, and kept while it is
// looked at.
async function readDetails(index, group) {
	let chunk = index.chunks.findIndex((first, at) =>
		first <= group && group < (index.chunks[at + 1] ?? index.groups.count));
	const first = index.chunks[chunk];
	if (!chunks.has(first)) {
		if (chunks.size > 8)
			chunks.clear();
		chunks.set(first, await unpack("chunk-" + first));
	}
	return chunks.get(first)[group - first];
}
