/*
 * Sound and video on the page of a subject: how long they are, what this browser cannot play, and one at a time.
 */
'use strict';
const kinds = (function () {
	/* Seconds as people write them: 0:42, 1:02:03. */
	function clock(seconds) {
		const all = Math.round(seconds), h = Math.floor(all / 3600), m = Math.floor(all % 3600 / 60), s = String(all % 60).padStart(2, '0');

		return h ? h + ':' + String(m).padStart(2, '0') + ':' + s : m + ':' + s;
	}

	/* Adds TEXT once to what the card of PLAYER says below it. */
	function add(player, text) {
		const card = player.closest('.candidate');

		if (!card || card.dataset.length === text)
			return;
		card.dataset.length = text;
		for (const line of card.querySelectorAll('.short, .measures'))
			line.append((line.textContent ? ' · ' : '') + text);
	}

	function showLength(player) {
		if (Number.isFinite(player.duration) && player.duration > 0)
			add(player, clock(player.duration));
		if (player.videoWidth && player.closest('.candidate')) {
			player.closest('.candidate').dataset.shape = player.videoWidth / player.videoHeight;
			rows.draw();
		}
	}

	function showTrouble(player) {
		const place = player.parentElement;

		if (!place || place.querySelector('.unplayable'))
			return;
		place.classList.add('failed');
		place.append(review.make('p', {className: 'unplayable'}, 'This browser cannot play this file. It may be damaged, or of a kind that browsers do not know.'));
		rows.draw();
	}

	/* Media events do not bubble. */
	function listen(type, call) {
		document.addEventListener(type, function (event) {
			if (event.target instanceof HTMLMediaElement)
				call(event.target);
		}, true);
	}

	listen('loadedmetadata', showLength);
	listen('error', showTrouble);
	listen('play', function (player) {
		for (const other of review.all('video, audio'))
			if (other !== player)
				other.pause();
	});

	/* Shows what happened before this script was there. */
	function begin() {
		for (const player of review.all('.candidate video, .candidate audio'))
			if (player.error)
				showTrouble(player);
			else if (player.readyState > 0)
				showLength(player);
	}

	return {begin: begin};
})();
