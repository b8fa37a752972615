/*
 * Helpers of the home page and /add/: elements, words and bars. Texts are inserted as text, never as HTML.
 */
import {keepToken, tokenOfPage} from './bi.js';

const svg = 'http://www.w3.org/2000/svg';

export function byId(id) {
	return document.getElementById(id);
}

export function make(name, properties, ...children) {
	const element = Object.assign(document.createElement(name), properties);

	element.append(...children);
	return element;
}

export function draw(name, attributes, ...children) {
	const element = document.createElementNS(svg, name);

	for (const [key, value] of Object.entries(attributes))
		element.setAttribute(key, value);
	element.append(...children);
	return element;
}

export function setText(element, text) {
	if (element.textContent !== text)
		element.textContent = text;
}

/* --- the token --- */

/*
 * Tabs of this server share the token, as in picks.js, since a link that is opened in a new tab has none. TOLD is called
 * when this tab received one.
 */
export function lendToken(told = () => {}) {
	if (!window.BroadcastChannel)
		return;
	const channel = new BroadcastChannel('bi:token');

	channel.addEventListener('message', function (event) {
		if (event.data === null && tokenOfPage()) {
			channel.postMessage(tokenOfPage());
		} else if (typeof event.data === 'string' && !tokenOfPage()) {
			keepToken(event.data);
			told();
		}
	});
	channel.postMessage(tokenOfPage());
}

/* --- words --- */

export function plural(n, one, many) {
	return n.toLocaleString('en') + ' ' + (n === 1 ? one : many);
}

export function bytes(n) {
	const units = ['bytes', 'KB', 'MB', 'GB', 'TB'];
	let unit = 0;

	for (; n >= 1000 && unit < units.length - 1; unit++)
		n /= 1000;
	return unit === 0 && n === 1 ? '1 byte' : (unit && n < 10 ? n.toFixed(1) : Math.round(n)) + ' ' + units[unit];
}

/* A length of time in words. */
export function span(seconds) {
	if (seconds < 90)
		return Math.max(1, Math.round(seconds)) + ' s';
	if (seconds < 5400)
		return Math.round(seconds / 60) + ' min';
	return seconds < 129600 ? Math.round(seconds / 3600) + ' h' : plural(Math.round(seconds / 86400), 'day', 'days');
}

/* Midnight of the day that is DAYS before NOW, in this place's time. */
function midnight(now, days) {
	return new Date(now.getFullYear(), now.getMonth(), now.getDate() - days).getTime();
}

/*
 * A time of ISO 8601 as people say it: “today, 14:05”; “24 November, 14:05”; with the year if it is another one; a day
 * alone without a clock. '' if it is none.
 */
export function sayTime(text, now = new Date()) {
	const [iso, clocked] = /^\d{4}-\d\d-\d\d(T.*)?$/.exec(text) || [];
	const at = new Date(iso || NaN);
	const clock = at.toLocaleTimeString('en-GB', {hour: '2-digit', minute: '2-digit'});

	if (Number.isNaN(at.getTime()))
		return '';
	if (!clocked)
		return at.toLocaleDateString('en-GB', {day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC'});
	if (at.getTime() >= midnight(now, 0) && at.getTime() < midnight(now, -1))
		return 'today, ' + clock;
	if (at.getTime() >= midnight(now, 1) && at.getTime() < midnight(now, 0))
		return 'yesterday, ' + clock;
	return at.toLocaleDateString('en-GB', {day: 'numeric', month: 'long', ...(at.getFullYear() === now.getFullYear() ? {} : {year: 'numeric'})}) + ', ' + clock;
}

/* The same as an element, whose title has all of the time; an empty text if it is none. */
export function timeOf(text) {
	const said = sayTime(text);

	return said ? make('time', {dateTime: text, title: text.includes('T') ? new Date(text).toLocaleString('en-GB', {dateStyle: 'full', timeStyle: 'long'}) : said}, said) : '';
}

/* A name or another text of strangers, in whose direction the text around it has no part. */
export function bdi(text) {
	return make('bdi', {}, String(text));
}

export function number(value) {
	return Number.isFinite(value) && value > 0 ? value : 0;
}

/* A bar that shows the shares of completed and of failed items. */
export function share(completed, failed, total) {
	const done = completed / (total || 1) * 1000;

	return draw('svg', {class: 'share', viewBox: '0 0 1000 10', preserveAspectRatio: 'none', role: 'img',
		'aria-label': completed + ' completed and ' + failed + ' failed of ' + total},
	draw('rect', {class: 'done', x: 0, y: 0, width: done.toFixed(1), height: 10}),
	draw('rect', {class: 'failed', x: done.toFixed(1), y: 0, width: (failed / (total || 1) * 1000).toFixed(1), height: 10}));
}

/* The state of a job in words; FAILURES are its failed items by their codes. */
export function statusWords(job, failures) {
	const failed = number(job.failed_items);
	const some = failed.toLocaleString('en') + ' failed';

	if (job.stale)
		return 'stopped';
	if (failures && number(failures.cancelled) && ['partially_completed', 'failed'].includes(job.status))
		return 'cancelled';
	const words = {
		pending: 'waiting', processing: 'working', completed: 'done', unreadable: 'cannot be read',
		partially_completed: 'done, ' + some, failed: failed > 1 ? 'all ' + some : 'failed', removed: 'removed',
	};

	return Object.hasOwn(words, job.status) ? words[job.status] : String(job.status);
}

/* The pill in the bar: the state of the page and its server. */
export function mark(kind, text) {
	byId('link').dataset.kind = kind;
	setText(byId('link'), text);
}

/* The server answers: shows whether this page can write. */
export function markAlive() {
	mark(tokenOfPage() ? 'saved' : 'off', tokenOfPage() ? 'Live' : 'Read only');
}

/* Tells screen readers. */
export function say(text) {
	setText(byId('say'), text);
}
