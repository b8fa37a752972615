/*
 * The plots of the home page: the rate of all batches since the page was opened, and that of one batch.
 */
import {byId, draw, make, number, plural, setText, span} from './show.js';

const longest = 600; /* seconds that the plot shows */
const rates = []; /* [seconds, items a second], as they came */

export function perSecond(n) {
	return plural(n >= 10 ? Math.round(n) : Math.round(n * 10) / 10, 'item', 'items') + '/s';
}

/* A line above a filled area; POINTS are [x, y], x from 0 to WIDTH, y from 0 to TOP. */
function plot(points, width, top, height) {
	const at = points.map(([x, y]) => (x / (width || 1) * 1000).toFixed(1) + ' ' +
		(height - 2 - y / (top || 1) * (height - 6)).toFixed(1));
	const last = points.length ? (points[points.length - 1][0] / (width || 1) * 1000).toFixed(1) : 0;
	const first = points.length ? (points[0][0] / (width || 1) * 1000).toFixed(1) : 0;

	return draw('svg', {viewBox: '0 0 1000 ' + height, preserveAspectRatio: 'none', 'aria-hidden': 'true'},
		draw('path', {class: 'rule', d: 'M0 ' + (height - 1) + 'H1000M0 4H1000'}),
		draw('path', {class: 'area', d: at.length ? 'M' + first + ' ' + height + 'L' + at.join('L') + 'L' + last + ' ' + height + 'z' : ''}),
		draw('path', {class: 'line', d: at.length ? 'M' + at.join('L') : ''}));
}

/* Adds the present rate of all batches, and plots them. */
export function showRate(items) {
	const now = Date.now() / 1000;

	rates.push([now, items]);
	while (rates.length > 1 && rates[1][0] < now - longest)
		rates.shift();
	const from = rates[0][0];
	const top = Math.max(...rates.map(([, rate]) => rate));
	const points = rates.flatMap(([at, rate], i) => i ? [[at - from, rates[i - 1][1]], [at - from, rate]] : [[at - from, rate]]);
	const old = byId('plot').querySelector('svg');

	byId('plot').hidden = top === 0;
	setText(byId('plot-says'), perSecond(items) + ' now, peak ' + perSecond(top) + ' in the last ' + span(now - from));
	if (old)
		old.remove();
	byId('plot').append(plot(points, now - from, top, 120));
}

/* Plots the rate of a batch, from its first result to its last. */
export function spark(history) {
	const step = number(history.step) || 1;
	const values = history.items.map((n) => number(n) / step);
	const top = Math.max(...values);
	const points = values.flatMap((value, i) => [[i, value], [i + 1, value]]);

	return make('figure', {className: 'spark'}, plot(points, values.length, top, 40),
		make('figcaption', {}, make('span', {}, 'peak ' + perSecond(top)), make('span', {}, 'over ' + span(values.length * step))));
}
