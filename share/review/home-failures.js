/*
 * The dialog of the home page with the failed items of a batch and their reasons, a page at a time. Texts from items are
 * inserted as text, never as HTML.
 */
import {Bi} from './bi.js';
import {failureWords} from './failure-words.js';
import {bdi, byId, make, number, plural, setText} from './show.js';

const PAGE = 50; /* items on a page */
const api = new Bi();
let batch = '', offset = 0, count = 0;
let asking = 0; /* the number of the last request; older answers are ignored */

/* What was asked for; the link is only for addresses of the web. */
function whereOf(item) {
	const data = item.item_data || {};
	const text = String(data.url || data.file || data.filename || 'item ' + item.id);

	return /^https?:\/\//i.test(text) ? make('a', {href: text, target: '_blank', rel: 'noopener noreferrer', dir: 'auto'}, text) : bdi(text);
}

function row(item) {
	const message = item.error_message ? String(item.error_message) : '';

	return make('li', {},
		make('p', {className: 'what'}, item.subject_name ? make('b', {}, bdi(item.subject_name), ' ') : '', whereOf(item)),
		make('p', {className: 'why', dir: 'auto'}, item.error_code ? make('strong', {}, failureWords(String(item.error_code))) : '',
			item.error_code && message ? ': ' : '', message));
}

function showPage(items) {
	byId('failures-list').replaceChildren(...items.map(row));
	byId('failures-list').scrollTop = 0;
	setText(byId('failures-place'), count === 0 ? 'No item has failed.' :
		count > PAGE ? `${(offset + 1).toLocaleString('en')} to ${(offset + items.length).toLocaleString('en')} of ${count.toLocaleString('en')}` : plural(count, 'item', 'items'));
	byId('failures-before').hidden = byId('failures-after').hidden = count <= PAGE;
	byId('failures-before').disabled = offset === 0;
	byId('failures-after').disabled = offset + PAGE >= count;
}

async function load(from) {
	const mine = ++asking;

	setText(byId('failures-place'), 'Loading…');
	try {
		const doc = await api.listItems(batch, {status: 'failed', limit: PAGE, offset: from});

		if (mine !== asking)
			return;
		offset = from;
		count = number(doc.count);
		if (from > 0 && from >= count) /* some were fetched meanwhile */
			await load(0);
		else
			showPage(doc.items);
	} catch (e) {
		if (mine === asking)
			setText(byId('failures-place'), 'The items cannot be listed: ' + (e.detail || e));
	}
}

/* Opens the dialog for the batch NAME. The browser gives the focus back when it is closed. */
export function openFailures(name, canRetry) {
	batch = name;
	byId('failures-title').replaceChildren('Failed items of ', bdi(name));
	byId('failures-list').replaceChildren();
	byId('failures-retry').hidden = !canRetry;
	byId('failures-before').hidden = byId('failures-after').hidden = true;
	byId('failures').showModal();
	load(0);
}

/* RETRY(name) is called when the reader wants the failed items of the shown batch to be fetched again. */
export function listenFailures(retry) {
	const dialog = byId('failures');

	byId('failures-before').addEventListener('click', () => load(Math.max(0, offset - PAGE)));
	byId('failures-after').addEventListener('click', () => load(offset + PAGE));
	byId('failures-retry').addEventListener('click', function () {
		dialog.close();
		retry(batch);
	});
	dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
}
