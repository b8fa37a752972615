/*
 * The files that are chosen on the page /add/, with a picture, a player or their first lines. What the browser shows comes
 * from the file itself, by an address of this page; names and lines are inserted as text.
 */
import {bdi, byId, bytes, make, plural, say, setText} from './show.js';

const HEAD = 600; /* bytes of a text that are read */
const NOTES = 5; /* sentences about files that are not added */
const LINES = 3; /* lines of it that are shown */
const TEXTS = /\.(txt|md|csv|tsv|json|ndjson|jsonl|xml|html?|css|js|log|ya?ml|toml|ini|bib|tex|srt|vtt|py|c|h|sh)$/i;
const files = []; /* {file, row, url} */
let told = () => {};

/* --- what is in a file --- */

function forget(chosen) {
	if (chosen.url)
		URL.revokeObjectURL(chosen.url);
	chosen.url = null;
}

function kindOf(file) {
	const [, type] = /^(image|video|audio|text)\//.exec(file.type) || [];

	return type || (TEXTS.test(file.name) || file.type === 'application/json' ? 'text' : '');
}

async function firstLines(file) {
	const text = await file.slice(0, HEAD).text();

	return text.includes('\0') ? '' : text.replace(/\ufffd$/, '').split('\n').slice(0, LINES).join('\n').trimEnd();
}

/* The name's ending, for what the browser cannot show. */
function ending(file) {
	return make('span', {className: 'ending'}, (/\.([A-Za-z0-9]{1,5})$/.exec(file.name) || ['', 'file'])[1]);
}

/* Shows a picture, a player or the first lines in the row of a file. */
async function preview(chosen) {
	const {file, row} = chosen;
	const kind = kindOf(file);
	const place = row.firstElementChild;
	let shown = ending(file);

	if (kind === 'text' && file.size) {
		const text = await firstLines(file).catch(() => '');

		if (text)
			row.append(make('pre', {className: 'lines', dir: 'auto'}, text));
	} else if (kind === 'image') {
		chosen.url = URL.createObjectURL(file);
		shown = make('img', {src: chosen.url, alt: ''});
		shown.addEventListener('error', () => place.replaceChildren(ending(file)));
	} else if (kind) {
		chosen.url = URL.createObjectURL(file);
		const player = make(kind, {src: chosen.url, controls: true, preload: 'metadata', className: 'preview'});

		player.setAttribute('aria-label', file.name);
		player.addEventListener('error', () => player.remove());
		row.append(player);
	}
	place.replaceChildren(shown);
}

/* Files are looked into when they come into view: of a thousand pictures few are. */
const seen = new IntersectionObserver(function (entries) {
	for (const entry of entries.filter((e) => e.isIntersecting)) {
		const chosen = files.find(({row}) => row === entry.target);

		seen.unobserve(entry.target);
		if (chosen)
			preview(chosen);
	}
}, {rootMargin: '300px'});

/* --- the list --- */

function remove(chosen) {
	const at = files.indexOf(chosen);

	files.splice(at, 1);
	seen.unobserve(chosen.row);
	chosen.row.remove();
	forget(chosen);
	told();
	const left = byId('chosen').querySelectorAll('button');

	(left[Math.min(at, left.length - 1)] || byId('choose')).focus();
}

function rowOf(chosen) {
	const {file} = chosen;
	const out = make('button', {type: 'button', className: 'button small plain'}, '✕');

	out.setAttribute('aria-label', 'Remove ' + file.name);
	out.addEventListener('click', () => remove(chosen));
	return make('li', {}, make('span', {className: 'thumb'}), make('span', {className: 'name', title: file.name}, bdi(file.name)),
		make('span', {className: 'quiet'}, bytes(file.size)), out);
}

function isSame(a, b) {
	return a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;
}

/* Adds files. WRONG are sentences about others that cannot be added. */
export function addFiles(more, wrong = []) {
	const before = files.length;
	const notes = [];

	for (const file of more) {
		if (files.some((chosen) => isSame(chosen.file, file))) {
			notes.push(`“${file.name}” is chosen already.`);
			continue;
		}
		const chosen = {file, url: null};

		chosen.row = rowOf(chosen);
		files.push(chosen);
		byId('chosen').append(chosen.row);
		seen.observe(chosen.row);
	}
	notes.push(...wrong);
	told();
	setText(byId('files-wrong'), notes.slice(0, NOTES).join(' ') + (notes.length > NOTES ? ` And ${plural(notes.length - NOTES, 'other', 'others')}.` : ''));
	if (more.length)
		say(plural(files.length - before, 'file', 'files') + ' chosen, ' + files.length + ' in all.');
}

export function countFiles() {
	return files.length;
}

/* Takes all files off the list, for them to be sent. */
export function takeFiles() {
	const taken = files.splice(0);

	taken.forEach(forget);
	byId('chosen').replaceChildren();
	setText(byId('files-wrong'), '');
	told();
	return taken.map(({file}) => file);
}

/* The files of a dropped folder and of the folders in it. What cannot be read is told in WRONG. */
async function filesOf(entry, wrong) {
	const found = [];

	try {
		if (entry.isFile)
			return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
		const reader = entry.createReader();

		for (;;) {
			const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));

			if (some.length === 0)
				break;
			for (const one of some)
				found.push(...await filesOf(one, wrong));
		}
	} catch (e) {
		wrong.push(`“${entry.name}” cannot be read: ${e.message}`);
	}
	return found;
}

/* Adds what was dropped. */
export async function dropFiles(transfer) {
	const entries = [...transfer.items].filter((item) => item.kind === 'file').map((item) => item.webkitGetAsEntry());
	const plain = [...transfer.files];
	const wrong = [];
	const all = entries.some((entry) => entry && entry.isDirectory) ? (await Promise.all(entries.map((entry) => filesOf(entry, wrong)))).flat() : plain;

	if (all.length === 0 && wrong.length === 0)
		wrong.push('The dropped folder has no files.');
	addFiles(all, wrong);
}

/* CHANGED() is called when files come or go. */
export function listenFiles(changed) {
	told = changed;
	byId('choose').addEventListener('click', () => byId('files').click());
	byId('files').addEventListener('change', function () {
		addFiles([...byId('files').files]);
		byId('files').value = '';
	});
}
