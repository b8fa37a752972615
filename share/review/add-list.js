/*
 * The list on the page /add/: one box for addresses, typed, pasted or dropped. A line is an address, a host's name with a
 * path, or a text with addresses in it. What cannot be added is named with its line and the reason; the rest is added.
 */
import {bdi, byId, make, plural, setText} from './show.js';

const LONGEST = 8192; /* bytes of an address, as the server takes it */
const NAMED = 5; /* lines that are named */
const SHOWN = 80; /* characters of a line */

/* An address without the punctuation and the closing brackets behind it that belong to the text around it. */
function trim(found) {
	let open = found.split(/[([]/).length, closed = found.split(/[)\]]/).length, end = found.length;

	for (; end > 0; end--)
		if (/[)\]]/.test(found[end - 1]) && closed > open)
			closed--;
		else if (!/[.,;:!?»”’*]/.test(found[end - 1]))
			break;
	return found.slice(0, end);
}

/* The http and https addresses in a text. */
function addressesIn(text) {
	return [...text.matchAll(/https?:\/\/[^\s<>"'`{}|\\^]+/gi)].map(([found]) => trim(found));
}

/* The address that a whole line is; null if it is none. A line that begins with a host's name is an address, too. */
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

/* Why there is no address in a line. */
function whyNone(line) {
	const [, scheme] = /^([a-z][a-z0-9+.-]*):/i.exec(line) || [];

	if (/^([a-z]:)?[\\/]/i.test(line) || /^file:/i.test(line))
		return 'a file: choose it below';
	if (/^[^\s/:]+:\d/.test(line))
		return 'http:// or https:// is missing';
	if (scheme && /^https?$/i.test(scheme))
		return 'not a complete address';
	if (scheme && !/\s/.test(line))
		return scheme.toLowerCase() + ': is not http or https';
	return 'no address in it';
}

/*
 * Reads the text of the box: {urls, notes}. URLS are its addresses, each once. A note is {line, text, why, left}: what is
 * not added of a line; LEFT means nothing of it is, though a person could mend it. Lines that begin with # are comments.
 */
export function readList(text) {
	const urls = new Map(); /* address: its line */
	const notes = [];

	text.split('\n').forEach(function (whole, i) {
		const line = whole.replace(/^\ufeff/, '').trim();
		const address = line && addressOf(line);
		const found = address ? [address] : addressesIn(line);
		const note = (why, left) => notes.push({line: i + 1, text: line, why, left});

		if (line === '' || line.startsWith('#'))
			return;
		if (found.length === 0)
			note(whyNone(line), true);
		else if (!address)
			note(found.length === 1 ? 'only its address is added' : `only its ${found.length} addresses are added`, false);
		for (const url of found)
			if (url.length > LONGEST / 3 && new TextEncoder().encode(url).length > LONGEST)
				note(`longer than ${LONGEST} bytes`, true);
			else if (urls.has(url))
				note('the same as line ' + urls.get(url), false);
			else
				urls.set(url, i + 1);
	});
	return {urls: [...urls.keys()], notes};
}

function noteLine({line, text, why}) {
	return make('li', {}, make('b', {}, 'Line ' + line), ': ' + why + ': ', bdi(text.length > SHOWN ? text.slice(0, SHOWN) + '…' : text));
}

/* Shows below the box what is not added, and why. */
export function showNotes(notes) {
	const left = notes.filter((note) => note.left);

	/* What a person can mend is named first. */
	byId('left').replaceChildren(...[...left, ...notes.filter((note) => !note.left)].slice(0, NAMED).map(noteLine));
	if (notes.length > NAMED)
		byId('left').append(make('li', {}, 'and ' + plural(notes.length - NAMED, 'other line', 'other lines')));
	setText(byId('left-says'), left.length ? plural(left.length, 'line is', 'lines are') + ' not added:' : notes.length ? 'Not all of the text is added:' : '');
	byId('left-box').hidden = notes.length === 0;
	byId('left-remove').hidden = left.length === 0;
}

/* The lines of TEXT that NOTES say are left, or all the others. */
export function linesOf(text, notes, wantLeft) {
	const left = new Set(notes.filter((note) => note.left).map((note) => note.line));

	return text.split('\n').filter((line, i) => left.has(i + 1) === wantLeft).join('\n');
}
