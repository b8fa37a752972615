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
	return (unit && n < 10 ? n.toFixed(1) : Math.round(n)) + ' ' + units[unit];
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
