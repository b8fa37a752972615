/*
 * Turns to the page of another subject without loading it: its file ID_review.html is fetched and parsed, and its <main>
 * takes the place of the old one. Addresses, Back and Forward work as if each page were loaded. From file:// a page cannot
 * be fetched, so there it is opened.
 */
'use strict';
const turn = (function () {
	const patience = 10000; /* milliseconds that a page may take */
	const most = 6; /* pages that are kept */
	const young = 30000; /* milliseconds in which a page that was fetched beforehand is shown without asking for a newer one */
	const canFetch = /^https?:$/.test(location.protocol);
	const pages = new Map(); /* address: {page: the promise of its document, at: when it was asked for} */
	let turning = 0; /* the number of the turn that is on its way */
	let turns = 0;
	let waiting = []; /* keys that were typed while a page was on its way */
	let at = addressOf(location.href); /* of the page that is shown */
	let changed = () => {};

	function addressOf(to) {
		return new URL(to, location.href).href.split('#')[0];
	}

	function assets(document) {
		return review.all('script[src], link[rel="stylesheet"]', document).map((e) => e.getAttribute('src') || e.getAttribute('href')).join(' ');
	}

	async function load(address) {
		const response = await fetch(address, {cache: 'no-cache', signal: AbortSignal.timeout(patience)});

		if (!response.ok)
			return null;
		return new DOMParser().parseFromString(await response.text(), 'text/html');
	}

	/* The document at ADDRESS: null if the server has no such page. Fails if the server does not answer. */
	function fetched(address) {
		if (!pages.has(address)) {
			const page = load(address);

			pages.set(address, {page: page, at: Date.now()});
			page.catch(() => pages.delete(address));
			if (pages.size > most)
				pages.delete(pages.keys().next().value);
		}
		return pages.get(address).page;
	}

	/* The same for a page that is to be shown: not an old one, unless the server does not answer. */
	async function newest(address) {
		const kept = pages.get(address);

		if (!kept || Date.now() - kept.at < young)
			return fetched(address);
		pages.delete(address);
		return fetched(address).catch(() => kept.page);
	}

	/* Whether the scripts of this page can run the page DOCUMENT: it is of a subject, and was rendered by the same version. */
	function fits(next) {
		return next && next.body.dataset.page === 'subject' && next.body.dataset.batch === review.page.batch &&
			assets(next) === assets(document);
	}

	function put(next) {
		for (const name of Object.keys(review.page))
			delete review.page[name];
		Object.assign(review.page, next.body.dataset);
		document.title = next.title;
		document.getElementById('main').replaceWith(document.importNode(next.getElementById('main'), true));
		window.scrollTo(0, 0);
		changed();
	}

	/* Hands the page the keys that were typed while it was on its way, one after the other: each may turn to another page. */
	async function typeWaiting() {
		try {
			while (waiting.length && !turning)
				await waiting.shift()();
		} catch (e) {
			waiting = [];
			throw e;
		}
	}

	/* Browsers refuse addresses that come too fast. The page is shown all the same. */
	function push(address) {
		try {
			history.pushState(null, '', address);
		} catch (e) {
			review.say('This browser shows an old address for a while.', {quiet: true});
		}
	}

	/* Shows the page at the address TO. With PUSHED it is a new entry of the history. */
	async function show(to, pushed) {
		const address = addressOf(to);
		const turned = ++turns;
		let next;

		if (turning || !pushed)
			waiting = []; /* they were for another page */
		turning = turned;
		try {
			next = await newest(address);
		} catch (e) {
			if (turning !== turned)
				return;
			turning = 0;
			waiting = [];
			review.deafen();
			if (!pushed)
				history.replaceState(null, '', at);
			review.warn('The next page cannot be loaded: the server does not answer. This page stays, and your picks are kept.');
			picks.flush();
			return;
		}
		if (turning !== turned)
			return; /* Back or Forward was pressed meanwhile */
		turning = 0;
		if (!fits(next)) {
			waiting = [];
			location.href = address;
			return;
		}
		if (pushed)
			push(address);
		at = address;
		pages.delete(address); /* shown again, it is fetched again: it may have changed */
		put(next);
		await typeWaiting();
	}

	/* Opens the page TO of a subject, or any other page. */
	async function go(to) {
		if (!canFetch || !/_review\.html$/.test(to))
			await review.go(to);
		else if (!turning)
			await show(to, true);
	}

	/*
	 * Fetches the page TO and its pictures beforehand. Returns the page after it, or null. A failure
	 * is not reported: the page is fetched again when it is wanted.
	 */
	async function prepare(to) {
		try {
			const next = canFetch && /_review\.html$/.test(to) ? await fetched(addressOf(to)) : null;

			if (!fits(next))
				return null;
			loadPictures(review.all('.pick img', next).map((img) => img.getAttribute('src')));
			return next.body.dataset.next;
		} catch (e) {
			return null;
		}
	}

	function loadPictures(sources) {
		sources.slice(0, 12).forEach(function (source) {
			new Image().src = source;
		});
	}

	/* CALL is called when another subject is on the page. */
	function start(call) {
		changed = call;
		window.addEventListener('popstate', function () {
			if (addressOf(location.href) !== at)
				show(location.href, false);
		});
	}

	return {
		to: go,
		prepare: prepare,
		loadPictures: loadPictures,
		start: start,
		/* Keeps the key of HANDLER for the page that is on its way. Returns false if no page is. */
		/* Forgets such keys. */
		drop: () => waiting = [],
		keeps: (handler) => (turning || waiting.length > 0) && waiting.push(handler) > 0,
	};
})();
