/*
 * Made-up portraits for `make screenshots`: each subject's sitter is the same in all of its candidates, which differ in
 * frame, light and manner, and one of which is another once more, one tiny, one blurred. The same bytes every time.
 */
'use strict';
const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');

/* Numbers from 0 to 1 that SEED decides. */
function random(seed) {
	let x = seed * 2654435761 >>> 0;

	return function () {
		x = Math.imul(x ^ x >>> 15, x | 1) + 0x6d2b79f5 >>> 0;
		return ((x ^ x >>> 14) >>> 0) / 2 ** 32;
	};
}

function hsl(h, s, l) {
	return `hsl(${Math.round(h % 360)},${Math.round(s)}%,${Math.round(l)}%)`;
}

/* Who is painted. */
function sitter(seed) {
	const r = random(seed + 7);

	return {
		skin: hsl(18 + r() * 14, 38 + r() * 22, 38 + r() * 38),
		hair: hsl(20 + r() * 20, 8 + r() * 34, 10 + r() * 40),
		coat: hsl(r() * 360, 22 + r() * 34, 18 + r() * 26),
		collar: hsl(40, 30, 84 + r() * 10),
		long: r() < 0.5,
		beard: r() < 0.35,
		wide: 0.9 + r() * 0.2,
		tilt: -4 + r() * 8,
	};
}

/* Each with its width, height and how it is made. */
const manners = [
	{width: 1200, height: 1500, ground: [34, 30, 26], zoom: 1},
	{width: 1800, height: 1200, ground: [205, 26, 58], zoom: 0.86, window: true},
	{width: 1100, height: 1100, ground: [40, 12, 78], zoom: 1.25, sepia: true},
	{width: 1600, height: 1067, ground: [150, 18, 32], zoom: 1.05, hills: true},
	{width: 960, height: 1280, ground: [12, 34, 40], zoom: 0.8, grey: true},
];

function scenery(m, seed) {
	const {width: w, height: h} = m;
	const r = random(seed + 99);

	if (m.window)
		return `<rect x="${w * 0.06}" y="${h * 0.08}" width="${w * 0.26}" height="${h * 0.7}" fill="#fff" opacity=".5"/>
			<path d="M${w * 0.19} ${h * 0.08}V${h * 0.78}M${w * 0.06} ${h * 0.42}H${w * 0.32}" stroke="#39506b" stroke-width="14" opacity=".6"/>`;
	if (m.hills)
		return [0.62, 0.7, 0.8].map((y, i) => `<path d="M0 ${h * (y + r() * 0.05)}Q${w * 0.25} ${h * (y - 0.16 + r() * 0.08)} ${w * 0.5} ${h * y}T${w} ${h * (y - 0.05)}V${h}H0z" fill="${hsl(120 + i * 18, 20, 42 - i * 9)}"/>`).join('');
	return '';
}

function drawing(seed, k) {
	const m = manners[k];
	const p = sitter(seed);
	const {width: w, height: h} = m;
	const [hue, s, l] = m.ground;
	const r = random(seed * 31 + k);
	const unit = Math.min(w, h) * 0.2 * m.zoom;
	const filter = m.grey ? '<feColorMatrix type="saturate" values="0"/>' :
		'<feColorMatrix type="matrix" values=".39 .77 .19 0 0 .35 .69 .17 0 0 .27 .53 .13 0 0 0 0 0 1 0"/>';

	return `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}">
<defs><radialGradient id="g" cx="${0.35 + r() * 0.3}" cy=".35" r=".85">
<stop offset="0" stop-color="${hsl(hue + r() * 30, s, l + 16)}"/><stop offset="1" stop-color="${hsl(hue + r() * 30, s, l * 0.5)}"/></radialGradient>
<linearGradient id="f" x1="0" x2="1"><stop offset="0" stop-color="#fff" stop-opacity=".18"/><stop offset="1" stop-color="#000" stop-opacity=".28"/></linearGradient>
<filter id="m" x="0" y="0" width="1" height="1" color-interpolation-filters="sRGB">${filter}</filter></defs>
<g${m.grey || m.sepia ? ' filter="url(#m)"' : ''}><rect width="${w}" height="${h}" fill="url(#g)"/>${scenery(m, seed + k)}
<g transform="translate(${w * (m.window ? 0.6 : 0.46 + r() * 0.08)} ${h * 0.43}) rotate(${p.tilt}) scale(${unit})">
<path d="M-2.5 6C-2.4 2.4-1.6 1.75-.5 1.45H.5C1.6 1.75 2.4 2.4 2.5 6z" fill="${p.coat}"/><path d="M-2.5 6C-2.4 2.4-1.6 1.75-.5 1.45H.5C1.6 1.75 2.4 2.4 2.5 6z" fill="url(#f)"/>
<path d="M-.62 1.35 0 2.55.62 1.35.25 3.1H-.25z" fill="${p.collar}"/>
${p.long ? `<path d="M-1.15-.2C-1.3-1.75 1.3-1.75 1.15-.2L1.25 1.7H-1.25z" fill="${p.hair}"/>` : ''}
<path d="M-.4.7h.8v1a.4.45 0 0 1-.8 0z" fill="${p.skin}"/><path d="M-.4.9a1 1 0 0 0 .8 0v.4a.6.6 0 0 1-.8 0z" opacity=".25"/>
<ellipse rx="${0.8 * p.wide}" ry="1.05" fill="${p.skin}"/><ellipse rx="${0.8 * p.wide}" ry="1.05" fill="url(#f)"/>
<path d="M${-0.86 * p.wide}-.05C-1-1.6 1-1.6 ${0.86 * p.wide}-.05 .75-.7 .2-.75-.2-.62-.6-.5-.8-.4 ${-0.86 * p.wide}-.05z" fill="${p.hair}"/>
${p.beard ? `<path d="M${-0.72 * p.wide}.25C-.6 1.6 .6 1.6 ${0.72 * p.wide}.25 .5.75 .3.5 0 .5S-.5.75 ${-0.72 * p.wide}.25z" fill="${p.hair}"/>` : ''}
<g fill="#1d1512"><ellipse cx="-.3" cy="-.02" rx=".1" ry=".06"/><ellipse cx=".3" cy="-.02" rx=".1" ry=".06"/></g>
<g fill="none" stroke="#1d1512" stroke-linecap="round" stroke-width=".05" opacity=".65"><path d="M-.46-.2q.16-.09.32-.02M.14-.22q.16-.07.32.02M0 .02q.1.2.02.3M-.2.6q.2.07.4 0"/></g>
</g></g></svg>`;
}

function vips(...args) {
	execFileSync('vips', args, {stdio: ['ignore', 'ignore', 'inherit'], timeout: 60000, env: Object.assign({VIPS_CONCURRENCY: '1'}, process.env)});
}

/* Makes the pictures of the subject with this SEED in FOLDER; returns their paths, in the order of asking. */
function portraits(folder, seed) {
	const at = (name) => path.join(folder, seed + '-' + name);
	const paths = manners.map(function (m, k) {
		const to = at(k + (k === 3 ? '.webp' : '.jpg'));

		fs.writeFileSync(at('draw.svg'), drawing(seed, k));
		vips('copy', at('draw.svg'), to + '[Q=88,strip]');
		return to;
	});

	vips('thumbnail', paths[1], at('again.jpg') + '[Q=60,strip]', '900');
	vips('thumbnail', paths[2], at('tiny.jpg') + '[Q=80,strip]', '150');
	vips('gaussblur', paths[3], at('blurred.jpg') + '[Q=85,strip]', '16');
	fs.unlinkSync(at('draw.svg'));
	return [...paths, at('again.jpg'), at('tiny.jpg'), at('blurred.jpg')];
}

module.exports = {portraits};
