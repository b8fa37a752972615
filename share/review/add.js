/*
 * The page /add/: submits addresses and files. add-jobs.js shows their jobs, and add-has.js the files of the notebook.
 */
import {Bi, tokenOfPage} from './bi.js';
import {showFiles} from './add-has.js';
import {follow, leave, send, showNewest} from './add-jobs.js';
import {byId, bytes, lendToken, make, mark, markAlive, plural, say, setText} from './show.js';

const RECENT = 12; /* notebooks that the browser remembers */
const api = new Bi();
const files = []; /* to upload */
let busy = false; /* addresses are being submitted */
let current = ''; /* the shown notebook */

/* --- the remembered notebooks --- */

function recall() {
	try {
		const names = JSON.parse(localStorage.getItem('bi:notebooks'));

		return Array.isArray(names) ? names.filter((name) => typeof name === 'string' && !wrongName(name)) : [];
	} catch (e) {
		return [];
	}
}

function remember(name) {
	try {
		localStorage.setItem('bi:notebooks', JSON.stringify([name, ...recall().filter((other) => other !== name)].slice(0, RECENT)));
	} catch (e) {
		return;
	}
	byId('notebooks').replaceChildren(...recall().map((value) => make('option', {value})));
}

/* --- the notebook --- */

/* Why the server would refuse the name; '' if it would not. */
function wrongName(name) {
	if (name === '')
		return 'A notebook needs a name: letters, digits, “.”, “_” and “-”.';
	if (name.length > 128)
		return 'A name has at most 128 characters.';
	return /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name) ? '' :
		'A name has letters A to Z, digits, “.”, “_” and “-”, and begins with a letter or a digit.';
}

function complain(input, says, text) {
	setText(byId(says), text);
	if (text)
		input.setAttribute('aria-invalid', 'true');
	else
		input.removeAttribute('aria-invalid');
	return text === '';
}

function notebook() {
	return byId('notebook').value.trim();
}

function changed(name) {
	if (name === current)
		showFiles(name);
}

/* Shows the notebook that the field names, if the name is valid. */
function turnTo() {
	const name = notebook();

	if (!complain(byId('notebook'), 'notebook-says', wrongName(name)) || name === current)
		return;
	current = name;
	leave(name);
	showFiles(name);
	showNewest(name, changed).then(markAlive, function (e) {
		if (e.status === 404)
			markAlive(); /* a notebook exists when something was submitted to it */
		else
			mark('off', e.status === 0 || e.status >= 500 ? 'No answer' : 'Refused');
	});
}

/* --- addresses --- */

/* The http and https addresses in a text, without punctuation at their ends. */
function addressesIn(text) {
	return [...text.matchAll(/https?:\/\/[^\s<>"'`{}|\\^]+/gi)].map(function ([found]) {
		for (let last = ''; last !== found;) {
			last = found;
			found = found.replace(/[.,;:!?»”’*]+$/, '');
			if (/[)\]]$/.test(found) && found.split(/[([]/).length < found.split(/[)\]]/).length)
				found = found.slice(0, -1);
		}
		return found;
	});
}

/* The address in a line; null if there is none. A line that begins with a host name is an address too. */
function addressOf(line) {
	const text = /^[a-z][a-z0-9+.-]*:/i.test(line) && !/^[^/:]+\.[^/:]+:\d/.test(line) ? line : 'https://' + line;

	if (/\s/.test(text))
		return null;
	try {
		const url = new URL(text);

		return /^https?:$/.test(url.protocol) && (text === line || /\.[a-z]{2,}$/i.test(url.hostname)) ? text : null;
	} catch (e) {
		return null;
	}
}

/* The addresses of the field, each once, and the first invalid line: {urls, wrong: {at, line}}. */
function addresses() {
	const urls = new Set();
	let wrong = null;

	byId('urls').value.split('\n').forEach(function (line, at) {
		const text = line.trim();

		if (text === '' || text.startsWith('#'))
			return;
		if (addressOf(text))
			urls.add(addressOf(text));
		else
			wrong = wrong || {at, line: text};
	});
	return {urls: [...urls], wrong};
}

/* Inserts text as if it were typed, so that it can be undone. */
function insert(text) {
	const field = byId('urls');

	field.focus();
	if (!document.execCommand('insertText', false, text))
		field.setRangeText(text, field.selectionStart, field.selectionEnd, 'end');
	offer();
}

/* Inserts addresses at the cursor, one per line. */
function insertAddresses(found) {
	const field = byId('urls');
	const before = field.value.slice(0, field.selectionStart);

	insert((before && !before.endsWith('\n') ? '\n' : '') + found.join('\n') + '\n');
	say(plural(found.length, 'address', 'addresses') + ' found.');
}

function paste(event) {
	const text = event.clipboardData.getData('text/plain');
	const found = addressesIn(text);

	if (event.clipboardData.files.length) {
		event.preventDefault();
		addFiles([...event.clipboardData.files]);
	} else if (event.target === byId('urls') && found.length) {
		event.preventDefault();
		insertAddresses(found);
	}
}

/* Selects the invalid line. */
function show(wrong) {
	const field = byId('urls');
	const lines = field.value.split('\n');
	const start = lines.slice(0, wrong.at).join('\n').length + (wrong.at ? 1 : 0);

	complain(field, 'urls-wrong', `Line ${wrong.at + 1} is not an http or https address: “${wrong.line.slice(0, 80)}”.`);
	field.focus();
	field.setSelectionRange(start, start + lines[wrong.at].length);
}

/* --- files --- */

function offerFiles() {
	byId('chosen').replaceChildren(...files.map(function (file, i) {
		const out = make('button', {type: 'button', className: 'button small plain'}, '✕');

		out.setAttribute('aria-label', 'Remove ' + file.name);
		out.addEventListener('click', function () {
			files.splice(i, 1);
			offerFiles();
			offer();
			const left = byId('chosen').querySelectorAll('button');

			(left[Math.min(i, left.length - 1)] || byId('choose')).focus();
		});
		return make('li', {}, make('span', {className: 'cut', title: file.name}, file.name), make('span', {className: 'quiet'}, bytes(file.size)), out);
	}));
}

function addFiles(more) {
	const fresh = more.filter((file) => !files.some((f) => f.name === file.name && f.size === file.size && f.lastModified === file.lastModified));

	files.push(...fresh);
	offerFiles();
	offer();
	if (more.length)
		say(plural(fresh.length, 'file', 'files') + ' chosen, ' + files.length + ' in all.');
}

/* The files of a dropped folder and of the folders in it. */
async function filesOf(entry) {
	const found = [];

	if (entry.isFile)
		return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
	const reader = entry.createReader();

	for (;;) {
		const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));

		if (some.length === 0)
			return found;
		for (const one of some)
			found.push(...await filesOf(one));
	}
}

async function drop(event) {
	const entries = [...event.dataTransfer.items].filter((item) => item.kind === 'file').map((item) => item.webkitGetAsEntry());
	const plain = [...event.dataTransfer.files];
	const found = addressesIn(event.dataTransfer.getData('text/uri-list') || event.dataTransfer.getData('text/plain'));

	if (!plain.length && event.target === byId('urls'))
		return; /* the field handles text itself */
	event.preventDefault();
	try {
		addFiles(entries.some((entry) => entry && entry.isDirectory) ? (await Promise.all(entries.map(filesOf))).flat() : plain);
	} catch (e) {
		setText(byId('add-says'), 'The dropped files cannot be read: ' + e.message);
	}
	if (!plain.length && found.length)
		insertAddresses(found);
}

/* --- submitting --- */

/* Updates the text and the state of the button. */
function offer() {
	const {urls, wrong} = addresses();
	const what = [urls.length ? plural(urls.length, 'address', 'addresses') : '', files.length ? plural(files.length, 'file', 'files') : '']
		.filter(Boolean).join(' and ');

	setText(byId('add'), busy ? 'Adding…' : what ? 'Add ' + what : 'Add');
	byId('add').setAttribute('aria-disabled', String(busy || !(what || wrong) || !tokenOfPage()));
	byId('add-says').textContent = '';
	if (!wrong)
		complain(byId('urls'), 'urls-wrong', '');
}

async function handInAddresses(urls, name) {
	const media = byId('media').checked;
	const result = await api[media ? 'parseUrlWithMedia' : 'parseUrl'](urls, name);

	byId('urls').value = '';
	say(plural(urls.length, 'address', 'addresses') + ' added.');
	follow(name, {id: result.batch_job_id, job_type: media ? 'url_parse_media' : 'url_parse', total_items: result.total_items}, changed);
}

/* The message of a refused request, with what to do. */
function refusal(error) {
	if (error.status === 401 || error.status === 403)
		readOnly('The server does not accept the token of this page. ');
	return 'Not added: ' + (error.detail || error);
}

async function handIn(event) {
	const name = notebook();
	const {urls, wrong} = addresses();

	event.preventDefault();
	if (busy || !tokenOfPage())
		return;
	if (!complain(byId('notebook'), 'notebook-says', wrongName(name))) {
		byId('notebook').focus();
		return;
	}
	if (wrong) {
		show(wrong);
		return;
	}
	if (!urls.length && !files.length) {
		setText(byId('add-says'), 'There is nothing to add: paste an address or choose a file.');
		return;
	}
	remember(name);
	turnTo();
	if (files.length)
		send(files.splice(0), name, changed);
	offerFiles();
	busy = true;
	offer();
	let said = '';

	try {
		if (urls.length)
			await handInAddresses(urls, name);
	} catch (e) {
		said = refusal(e);
	}
	busy = false;
	offer();
	setText(byId('add-says'), said);
}

/* --- the page --- */

function readOnly(why) {
	setText(byId('notice'), why + 'Read only: open the address that “bi-serve --home” prints, with its token, in this tab. Then return to this page to add and delete.');
	byId('notice').hidden = false;
	mark('off', 'Read only');
}

/* Another tab shared its token. */
function mayWrite() {
	byId('notice').hidden = true;
	markAlive();
	offer();
}

function dragging(event) {
	const types = [...event.dataTransfer.types];

	if (types.includes('Files') || (types.includes('text/uri-list') && event.target !== byId('urls'))) {
		event.preventDefault();
		document.body.classList.add('over');
	}
}

function start() {
	const named = new URLSearchParams(location.search).get('notebook');

	byId('notebook').value = named !== null && !wrongName(named) ? named : recall()[0] || 'default';
	byId('notebooks').replaceChildren(...recall().map((value) => make('option', {value})));
	byId('notebook').addEventListener('change', turnTo);
	byId('notebook').addEventListener('input', () => wrongName(notebook()) || complain(byId('notebook'), 'notebook-says', ''));
	byId('urls').addEventListener('input', offer);
	byId('choose').addEventListener('click', () => byId('files').click());
	byId('files').addEventListener('change', function () {
		addFiles([...byId('files').files]);
		byId('files').value = '';
	});
	byId('form').addEventListener('submit', handIn);
	byId('urls').addEventListener('keydown', function (event) {
		if (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
			byId('form').requestSubmit();
	});
	document.addEventListener('paste', paste);
	document.addEventListener('dragover', dragging);
	document.addEventListener('dragleave', (event) => event.relatedTarget || document.body.classList.remove('over'));
	document.addEventListener('drop', function (event) {
		document.body.classList.remove('over');
		drop(event);
	});
	if (!tokenOfPage())
		readOnly('');
	lendToken(mayWrite);
	offer();
	turnTo();
}

start();
