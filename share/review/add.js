/*
 * The page /add/: submits addresses and files. add-jobs.js shows their jobs, and add-has.js the files of the notebook.
 */
import {Bi, tokenOfPage} from './bi.js';
import {addFiles, countFiles, dropFiles, listenFiles, takeFiles} from './add-files.js';
import {showFiles} from './add-has.js';
import {follow, leave, send, showNewest} from './add-jobs.js';
import {linesOf, readList, showNotes} from './add-list.js';
import {byId, lendToken, make, mark, markAlive, plural, say, setText} from './show.js';

const RECENT = 12; /* notebooks that the browser remembers */
const LONG = 100000; /* characters of a list that is not read at each key */
const PAUSE = 300; /* milliseconds without a key before a long list is read */
const api = new Bi();
let control = null; /* of the addresses that are being submitted */
let timer = 0;
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
}

/* Offers the notebooks of the server, first those that this browser used last. Returns whether there may be one named NAME. */
async function offerNotebooks(name) {
	const {count, results} = await api.listNotebooks();
	const known = new Set(results);
	const names = new Set([...recall().filter((one) => known.has(one)), ...results]);

	byId('notebooks').replaceChildren(...[...names].map((value) => make('option', {value})));
	return known.has(name) || count > results.length;
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
	show(name).then(markAlive, (e) => mark('off', e.status === 0 || e.status >= 500 ? 'No answer' : 'Refused'));
}

/* Shows the notebook NAME. It exists when something was submitted to it. */
async function show(name) {
	const exists = await offerNotebooks(name);

	if (name !== current)
		return;
	showFiles(name, exists);
	if (exists)
		await showNewest(name, changed);
}

/* --- the list --- */

/* Inserts text as if it were typed, so that it can be undone. */
function insert(text) {
	const field = byId('urls');
	const before = field.value.slice(0, field.selectionStart);
	const lines = (before && !before.endsWith('\n') ? '\n' : '') + text.trimEnd() + '\n';

	field.focus();
	if (!document.execCommand('insertText', false, lines))
		field.setRangeText(lines, field.selectionStart, field.selectionEnd, 'end');
	offer();
	sayList();
}

/* Tells screen readers what the list now is. */
function sayList() {
	const {urls, notes} = readList(byId('urls').value);
	const left = notes.filter((note) => note.left).length;

	say(plural(urls.length, 'address', 'addresses') + ' found' + (left ? ', ' + plural(left, 'line is', 'lines are') + ' not added.' : '.'));
}

/* Text is pasted as it is: the list is read the same way, however it came. */
function paste(event) {
	const text = event.clipboardData.getData('text/plain');

	if (event.clipboardData.files.length) {
		event.preventDefault();
		addFiles([...event.clipboardData.files]);
	} else if (event.target === byId('urls')) {
		setTimeout(sayList);
	} else if (text && !event.target.closest('input, dialog')) {
		event.preventDefault();
		insert(text);
	}
}

async function drop(event) {
	const text = event.dataTransfer.getData('text/uri-list') || event.dataTransfer.getData('text/plain');

	if (event.dataTransfer.files.length) {
		event.preventDefault();
		await dropFiles(event.dataTransfer);
	} else if (text && event.target !== byId('urls')) { /* the field handles text itself */
		event.preventDefault();
		insert(text);
	}
}

/* --- submitting --- */

/* Updates the text and the state of the button, and what is said about the list. */
function offer() {
	const {urls, notes} = readList(byId('urls').value);
	const what = [urls.length ? plural(urls.length, 'address', 'addresses') : '', countFiles() ? plural(countFiles(), 'file', 'files') : '']
		.filter(Boolean).join(' and ');

	setText(byId('add'), control ? 'Adding…' : what ? 'Add ' + what : 'Add');
	byId('add').setAttribute('aria-disabled', String(Boolean(control) || !what || !tokenOfPage()));
	byId('cancel').hidden = !control;
	setText(byId('add-says'), '');
	showNotes(notes);
}

async function handInAddresses(urls, left, name) {
	const media = byId('media').checked;
	const result = await api[media ? 'parseUrlWithMedia' : 'parseUrl'](urls, name, {priority: byId('priority').value, signal: control.signal});

	byId('urls').value = left;
	say(plural(urls.length, 'address', 'addresses') + ' added.');
	follow(name, {id: result.batch_job_id, job_type: media ? 'url_parse_media' : 'url_parse', total_items: result.total_items}, changed);
}

/* The message of a refused request, with what to do. */
function refusal(error) {
	if (error.status === 401 || error.status === 403)
		readOnly('The server does not accept the token of this page. ');
	if (error.code === 'aborted')
		return 'Cancelled. If the server had the whole list already, its job appears here.';
	return 'Not added: ' + (error.detail || error);
}

async function handIn(event) {
	const name = notebook();
	const text = byId('urls').value;
	const {urls, notes} = readList(text);

	event.preventDefault();
	if (control || !tokenOfPage())
		return;
	if (!complain(byId('notebook'), 'notebook-says', wrongName(name))) {
		byId('notebook').focus();
		return;
	}
	if (!urls.length && !countFiles()) {
		setText(byId('add-says'), notes.length ? 'There is no address in the list.' : 'There is nothing to add: paste an address or choose a file.');
		byId('urls').focus();
		return;
	}
	remember(name);
	turnTo();
	if (countFiles())
		send(takeFiles(), name, byId('priority').value, changed);
	control = new AbortController();
	offer();
	let said = '';

	try {
		if (urls.length)
			await handInAddresses(urls, linesOf(text, notes, true), name);
	} catch (e) {
		said = refusal(e);
		if (e.code === 'aborted')
			showNewest(name, changed).catch(() => {});
	}
	control = null;
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
	byId('notebook').addEventListener('change', turnTo);
	byId('notebook').addEventListener('input', () => wrongName(notebook()) || complain(byId('notebook'), 'notebook-says', ''));
	byId('urls').addEventListener('input', function () {
		clearTimeout(timer);
		if (byId('urls').value.length > LONG)
			timer = setTimeout(offer, PAUSE);
		else
			offer();
	});
	byId('cancel').addEventListener('click', () => control && control.abort());
	byId('left-remove').addEventListener('click', function () {
		const field = byId('urls');

		field.value = linesOf(field.value, readList(field.value).notes, false);
		offer();
		sayList();
		field.focus();
	});
	listenFiles(offer);
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
