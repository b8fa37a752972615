/* The files of a notebook on the page /add/, newest first, with buttons to read and delete them. */
import {Bi} from './bi.js';
import {bdi, byId, bytes, make, number, plural, say, setText, timeOf} from './show.js';

const PAGE = 50; /* files per request */
const PICTURES = /^image\/(avif|bmp|gif|jpeg|png|webp)$/;
const PICTURE_MAX = 4e6; /* bytes of a picture that is shown in the list */
const PAUSE = 1000; /* minimum milliseconds between two updates */
const api = new Bi();
let notebook = '';
let shown = 0; /* number of shown files */
let timer = 0;
let asking = 0; /* the number of the last request; older answers are ignored */

/* --- reading --- */

function metaOf(doc) {
	const pairs = [['Type', doc.mime], ['Language', doc.language], ['Author', doc.author], ['Date', doc.date], ['Description', doc.description],
		['Address', doc.canonical_url || doc.url], ['Pages', doc.pages]];

	return pairs.filter(([, value]) => value !== undefined && value !== null && value !== '')
		.flatMap(([name, value]) => [make('dt', {}, name), make('dd', {dir: 'auto'}, name === 'Date' ? timeOf(value) || String(value) : String(value))]);
}

/* Shows the content of a file after a plain click on its link. */
export async function openReader(event, from, id) {
	if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)
		return;
	event.preventDefault();
	const link = event.currentTarget;

	setText(byId('reader-title'), 'Loading…');
	byId('reader-meta').replaceChildren();
	setText(byId('reader-text'), '');
	byId('reader-raw').href = api.rawUrl(from, id);
	byId('reader-json').href = api.contentUrl(id);
	byId('reader').showModal();
	byId('reader').addEventListener('close', () => link.isConnected && link.focus(), {once: true});
	try {
		const doc = await api.getContent(id);

		setText(byId('reader-title'), String(doc.title || doc.filename || 'No title'));
		byId('reader-meta').replaceChildren(...metaOf(doc));
		setText(byId('reader-text'), doc.text ? String(doc.text) : 'No text was found in this file.');
	} catch (e) {
		setText(byId('reader-title'), 'This file cannot be shown');
		setText(byId('reader-text'), e.detail || String(e));
	}
}

/* --- deleting --- */

function ask(what) {
	return new Promise(function (resolve) {
		const dialog = byId('sure');

		byId('sure-what').replaceChildren('“', bdi(what), '” and its extracted content will be removed from the notebook ' + notebook + '. This cannot be undone.');
		dialog.returnValue = 'no';
		dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), {once: true});
		dialog.showModal();
	});
}

async function remove(row, file, pressed) {
	const next = row.nextElementSibling || row.previousElementSibling;

	if (!await ask(titleOf(file))) {
		pressed.focus();
		return;
	}
	pressed.disabled = true;
	try {
		await api.deleteFile(notebook, file.file_id);
		row.remove();
		say('Deleted: ' + titleOf(file));
		(next && next.isConnected ? next.querySelector('button') : byId('has-title')).focus();
		await show();
	} catch (e) {
		pressed.disabled = false;
		row.querySelector('.wrong').textContent = 'Not deleted: ' + (e.detail || e);
		pressed.focus();
	}
}

/* --- the list --- */

/* The picture that a file is, or the ending of its name. Pictures come when they are in sight. */
function pictureOf(file) {
	const ending = make('span', {className: 'ending'}, (/\.([A-Za-z0-9]{1,5})$/.exec(file.filename || '') || ['', String(file.kind || 'file').slice(0, 5)])[1]);

	if (!PICTURES.test(file.mime) || !(number(file.bytes) <= PICTURE_MAX) || file.status !== 'completed')
		return ending;
	const picture = make('img', {src: api.rawUrl(notebook, file.file_id), alt: '', loading: 'lazy', decoding: 'async'});

	picture.addEventListener('error', () => picture.replaceWith(ending));
	return picture;
}

function titleOf(file) {
	return String(file.title || file.filename || file.url || file.file_id);
}

function rowOf(file) {
	const title = titleOf(file);
	const named = () => make('span', {className: 'unseen'}, ' of ' + title);
	const from = notebook;
	const about = [file.title ? bdi(file.filename || file.url || '') : null, file.mime || file.content_type,
		number(file.bytes) ? bytes(file.bytes) : null, timeOf(file.created_at || file.at)].filter(Boolean);
	const content = make('a', {href: api.contentUrl(file.file_id)}, 'Content', named());
	const gone = make('button', {type: 'button', className: 'button small plain danger'}, 'Delete', make('span', {className: 'unseen'}, ' ' + title));
	const row = make('li', {}, make('span', {className: 'thumb', ariaHidden: 'true'}, pictureOf(file)),
		make('div', {className: 'what'}, make('p', {className: 'title'}, bdi(title)), make('p', {className: 'quiet cut'}, ...about.flatMap((one, i) => i ? [' · ', one] : [one])),
			make('p', {className: 'wrong'})),
		make('div', {className: 'links'}, content,
			make('a', {href: api.rawUrl(notebook, file.file_id), target: '_blank', rel: 'noopener'}, 'Raw', named()), gone));

	row.dataset.file = file.file_id;
	content.addEventListener('click', (e) => openReader(e, from, file.file_id));
	gone.addEventListener('click', () => remove(row, file, gone));
	return row;
}

/* Updates the list. Rows that stay are not touched, since one of them may have the focus. */
function place(files) {
	const list = byId('has');
	const wanted = new Set(files.map((file) => file.file_id));

	for (const row of [...list.children])
		if (!wanted.has(row.dataset.file))
			row.remove();
	const rows = new Map([...list.children].map((row) => [row.dataset.file, row]));

	files.forEach(function (file, i) {
		const row = rows.get(file.file_id) || rowOf(file);

		if (list.children[i] !== row)
			list.insertBefore(row, list.children[i] || null);
	});
}

/* Loads the shown files and COUNT more. */
async function show(count = 0) {
	const mine = ++asking;
	const files = [];
	let total = 0;

	try {
		for (const wanted = Math.max(PAGE, shown + count); files.length < wanted;) {
			const page = await api.listFiles(notebook, {limit: Math.min(PAGE, wanted - files.length), offset: files.length});

			if (mine !== asking)
				return;
			total = number(page.count);
			files.push(...page.results);
			if (!page.results.length || files.length >= total)
				break;
		}
		shown = files.length;
	} catch (e) {
		if (mine !== asking)
			return;
		if (e.status !== 404) {
			setText(byId('has-says'), 'The files cannot be listed: ' + (e.detail || e));
			return;
		}
		shown = 0;
	}
	showList(files, total);
}

function showList(files, total) {
	place(files);
	setText(byId('has-says'), total ? plural(total, 'file', 'files') : '');
	byId('has-nothing').hidden = total > 0;
	byId('more').hidden = files.length >= total;
}

/* Shows the files of a notebook: at once if it is another one, else after a pause. One that does not exist has none. */
export function showFiles(name, exists = true) {
	if (name !== notebook) {
		notebook = name;
		shown = 0;
		byId('has').replaceChildren();
		clearTimeout(timer);
		timer = 0;
		setText(byId('has-title'), 'In ' + name);
		asking++; /* an answer for the other one comes too late */
		if (exists)
			show();
		else
			showList([], 0);
		return;
	}
	timer = timer || setTimeout(function () {
		timer = 0;
		show();
	}, PAUSE);
}

byId('more').addEventListener('click', async function () {
	const first = byId('has').children.length;

	await show(PAGE);
	const row = byId('has').children[first];

	if (row)
		row.querySelector('a').focus();
});
