/*
 * The picks: this browser stores them at once, and sends them to the server as soon as possible.
 *
 * localStorage holds the picks that are not saved yet: "BATCH:pick:SUBJECT" is a choice (decision.js), null for a decision
 * taken back; "BATCH:by:SUBJECT" is the reviewer, the time and the remarks. Both keys are removed when the
 * server has answered that the decision is on its disk. The name of a batch has no ':', so keys of different batches
 * differ. The decisions of all reviewers come from ../api/v1/batches/BATCH/selections/.
 *
 * This script does not change the page; it notifies other scripts through picks.listen().
 */
'use strict';
const picks = (function () {
	const batch = document.body.dataset.batch;
	const pickPrefix = batch + ':pick:';
	const byPrefix = batch + ':by:';
	const patience = 10000; /* milliseconds that a request may take */
	const most = 500; /* decisions in one request */
	const pauses = [1, 2, 4, 8, 15, 30]; /* seconds between tries */
	const served = /^https?:$/.test(location.protocol);
	/* Tells other tabs what was saved, since they cannot know it from localStorage. */
	const tabs = served && window.BroadcastChannel ? new BroadcastChannel('bi:picks:' + batch) : null;
	const {isChoice, isSame, remarksOf} = decision;

	const listeners = [];
	const refused = new Map(); /* subject: why the server refused its decision */
	let kept = new Map(); /* subject: {choice, by, at, remarks}: not saved yet */
	let saved = new Map(); /* subject: Map of reviewer: {choice, at, remarks} */
	let state = served ? 'unknown' : 'local';
	let why = '';
	let tries = 0;
	let timer = 0;
	let spare = 0; /* the timer for picks that another tab left */
	let retryAt = 0;
	let keeps = true; /* whether this browser can store picks */
	let quiet = false; /* whether the listeners are told later */
	let busy = null; /* the promise of the running transfer */

	/* --- storage: may be forbidden, full or emptied at any time --- */

	function storeOf(name) {
		try {
			return window[name];
		} catch (e) {
			return null;
		}
	}

	function read(store, key) {
		try {
			return storeOf(store).getItem(key);
		} catch (e) {
			return null;
		}
	}

	/* Null removes. */
	function write(store, key, value) {
		try {
			if (value === null)
				storeOf(store).removeItem(key);
			else
				storeOf(store).setItem(key, value);
			return true;
		} catch (e) {
			return false;
		}
	}

	function parse(text) {
		try {
			return JSON.parse(text);
		} catch (e) {
			return null;
		}
	}

	/* Whether localStorage accepts anything. It is tried only once, since each write is an event in all other tabs. */
	function probe() {
		return storeOf('localStorage') !== null && write('localStorage', batch + ':probe', '1') &&
			write('localStorage', batch + ':probe', null);
	}

	/* Reads localStorage, which another tab may have changed. */
	function readKept() {
		const found = new Map();
		const store = storeOf('localStorage');

		try {
			for (let i = 0; i < store.length; i++) {
				const key = store.key(i);

				if (!key.startsWith(pickPrefix))
					continue;
				const subject = key.slice(pickPrefix.length);
				const choice = parse(store.getItem(key));
				const by = parse(store.getItem(byPrefix + subject)) || {};

				if (isChoice(choice))
					found.set(subject, {choice, by: by.by || null, at: by.at || null, ...remarksOf(by)});
			}
		} catch (e) {
			return;
		}
		kept = found;
	}

	function forget(subject) {
		kept.delete(subject);
		refused.delete(subject);
		write('localStorage', pickPrefix + subject, null);
		write('localStorage', byPrefix + subject, null);
	}

	/* --- who --- */

	/* The name in this browser, for all batches; for one that was begun under another name, that. */
	function reviewer() {
		return read('localStorage', batch + ':reviewer') || read('localStorage', 'bi:reviewer');
	}

	/* Decisions without a name are this reviewer's. */
	function setReviewer(name) {
		write('localStorage', 'bi:reviewer', name);
		write('localStorage', batch + ':reviewer', null);
		write('sessionStorage', batch + ':etag', null); /* the document of a blind batch is that of a reviewer */
		tell();
		return flush();
	}

	/* Takes the token from the address, and keeps it for this tab. */
	function takeToken() {
		const found = /^#token=([A-Za-z0-9._~-]+)$/.exec(location.hash);

		if (!found)
			return;
		write('sessionStorage', 'bi:token', found[1]);
		history.replaceState(null, '', location.pathname + location.search);
	}

	function token() {
		return read('sessionStorage', 'bi:token');
	}

	/* Tabs of this server share the token, since a link that is opened in a new tab has none. */
	function lendToken() {
		if (!served || !window.BroadcastChannel)
			return;
		const channel = new BroadcastChannel('bi:token');

		channel.addEventListener('message', function (event) {
			if (event.data === null && token()) {
				channel.postMessage(token());
			} else if (typeof event.data === 'string' && event.data !== token() && state === 'denied') {
				write('sessionStorage', 'bi:token', event.data);
				flush();
			} else if (typeof event.data === 'string' && !token()) {
				write('sessionStorage', 'bi:token', event.data);
				tell();
			}
		});
		channel.postMessage(token());
	}

	/* --- decisions --- */

	function take(doc) {
		const found = new Map();

		if (!doc || typeof doc.reviewers !== 'object')
			return;
		for (const [name, decisions] of Object.entries(doc.reviewers))
			for (const [subject, one] of Object.entries(decisions)) {
				if (!one || !isChoice(one.choice))
					continue;
				if (!found.has(subject))
					found.set(subject, new Map());
				found.get(subject).set(name, one);
			}
		saved = found;
	}

	/* Another tab has saved decisions of this reviewer or another one. */
	function takeFromTab({name, set}) {
		for (const [subject, one] of set) {
			const by = saved.get(subject) || new Map(), before = by.get(name);

			if (!before || !one.at || before.at <= one.at)
				by.set(name, one);
			saved.set(subject, by);
		}
		tell();
	}

	/*
	 * The state of a subject: {outcome, choice, mine, at, remarks, others, unsaved}. outcome is undecided, picked, none or
	 * differ. choice is the one that all agree on. mine is this reviewer's choice, null if there is none, at its time, and
	 * remarks its remarks, which may be without a choice. others is the decisions of the others, [{reviewer, choice, at,
	 * remarks}]. In a blind batch they are hidden until this reviewer has decided.
	 */
	function of(subject) {
		const me = reviewer();
		const own = kept.get(subject);
		const all = new Map(saved.get(subject) || []);

		if (own)
			all.set(own.by || me || '', own);
		const mine = all.get(me || '');
		const hides = document.body.dataset.blind && (!mine || mine.choice === null);
		const standing = [...all].filter(([name, one]) => one.choice !== null && !(hides && name !== (me || '')));
		const choices = new Set(standing.map(([, one]) => decision.keyOf(one.choice)));
		const choice = choices.size === 1 ? standing[0][1].choice : null;
		let outcome = 'undecided';

		if (choices.size > 1)
			outcome = 'differ';
		else if (choices.size === 1)
			outcome = choice === 0 ? 'none' : 'picked';
		return {
			outcome: outcome,
			choice: choice,
			mine: mine ? mine.choice : null,
			at: mine ? mine.at : '',
			remarks: remarksOf(mine),
			others: standing.filter(([name]) => name !== (me || ''))
				.map(([name, one]) => ({reviewer: name, choice: one.choice, at: one.at, remarks: remarksOf(one)})),
			unsaved: Boolean(own),
		};
	}

	/* Writes the two keys of a decision, or leaves both as they were. */
	function store(subject, one) {
		const before = read('localStorage', byPrefix + subject);
		const by = {by: one.by, at: one.at, ...remarksOf(one)};

		if (!write('localStorage', byPrefix + subject, JSON.stringify(by)))
			return false;
		if (write('localStorage', pickPrefix + subject, JSON.stringify(one.choice)))
			return true;
		write('localStorage', byPrefix + subject, before);
		return false;
	}

	/* Stores a decision. Returns false if the browser cannot store it; the decision is then void. */
	function decide(subject, choice, remarks = {}) {
		const one = {choice: choice, by: reviewer(), at: new Date().toISOString(), ...remarksOf(remarks)};

		/* Without a server, a decision that is taken back need not be sent. */
		if (choice === null && !decision.hasRemarks(remarks) && (!served || state === 'local')) {
			forget(subject);
			tell();
			return true;
		}
		if (!store(subject, one))
			return (keeps = false);
		keeps = true;
		kept.set(subject, one);
		refused.delete(subject);
		tell();
		return true;
	}

	/* Whether the decision A is the decision B, and not a later one that says the same. */
	function is(a, b) {
		return a && b && a.at === b.at && isSame(a, b);
	}

	/* --- the server --- */

	function address(what) {
		const address = new URL('../api/v1/batches/' + encodeURIComponent(batch) + '/' + what + '/', location.href.split('#')[0]);

		if (what === 'selections')
			address.searchParams.set('fields', 'reviewers'); /* half as long; of() works out the rest */
		if (document.body.dataset.blind && what === 'selections')
			address.searchParams.set('reviewer', reviewer() || '');
		return address;
	}

	async function request(options, what = 'selections') {
		const control = new AbortController();
		const end = setTimeout(() => control.abort(), patience);

		try {
			const response = await fetch(address(what), Object.assign({signal: control.signal, cache: 'no-store'}, options));
			const text = await response.text();

			return {status: response.status, etag: response.headers.get('ETag'), text: text, body: parse(text)};
		} catch (e) {
			return {status: 0};
		} finally {
			clearTimeout(end);
		}
	}

	/* Stores the last document in the tab, so that the next page can show it at once and request only a newer one. */
	function remember(answer) {
		take(answer.body);
		write('sessionStorage', batch + ':etag', null);
		if (answer.etag && write('sessionStorage', batch + ':saved', answer.text))
			write('sessionStorage', batch + ':etag', answer.etag);
	}

	function mark(next, text) {
		state = next;
		why = text || '';
		tell();
	}

	/* Sets the state after an answer that is not a success. */
	function judge(answer) {
		const detail = answer.body && answer.body.detail ? String(answer.body.detail) : '';

		if (answer.status === 401)
			mark('denied', detail);
		else if (answer.status === 403)
			mark('forbidden', detail);
		else if (answer.status === 404 && answer.body === null || answer.status === 405 || answer.status === 501)
			mark('local', detail);
		else
			later(answer.status ? 'failing' : 'offline', detail || (answer.status ? 'it answers ' + answer.status : ''));
	}

	/* Tries again after a pause, which grows each time. */
	function later(next, text) {
		const pause = pauses[Math.min(tries++, pauses.length - 1)] * 1000 * (0.75 + Math.random() / 4);

		clearTimeout(timer);
		retryAt = Date.now() + pause;
		timer = setTimeout(flush, pause);
		mark(next, text);
	}

	async function refresh() {
		const etag = read('sessionStorage', batch + ':etag');
		const answer = await request({headers: etag ? {'If-None-Match': etag} : {}});

		if (answer.status === 304 || (answer.status === 200 && answer.body)) {
			if (answer.status === 200)
				remember(answer);
			for (const [subject, one] of kept)
				if (is((saved.get(subject) || new Map()).get(one.by), one))
					forget(subject);
			return true;
		}
		judge(answer);
		return false;
	}

	/* Sends decisions of one reviewer, and forgets those that the server has saved. */
	async function send(name, set) {
		const selections = Object.create(null);
		const at = Object.create(null);
		const remarks = Object.create(null);
		const headers = {'Content-Type': 'application/json'};

		for (const [subject, one] of set) {
			selections[subject] = one.choice;
			remarks[subject] = remarksOf(one);
			if (one.at)
				at[subject] = one.at;
		}
		if (token())
			headers['X-CSRFToken'] = token(); /* Authorization may have the password */
		const body = JSON.stringify({reviewer: name, selections, at, remarks});
		const answer = await request({method: 'PUT', headers: headers, body: body, keepalive: body.length < 30000});

		if (answer.status === 200 && answer.body) {
			remember(answer);
			readKept();
			if (tabs)
				tabs.postMessage({name, set});
			for (const [subject, one] of set)
				if (is(kept.get(subject), one))
					forget(subject);
			return true;
		}
		if (![400, 409, 413, 422].includes(answer.status) && !(answer.status === 404 && answer.body)) {
			judge(answer);
			return false;
		}
		/* One of the decisions is wrong: find it, and save the others. */
		if (set.length === 1) {
			refused.set(set[0][0], answer.body && answer.body.detail ? String(answer.body.detail) : 'it answers ' + answer.status);
			return true;
		}
		const half = Math.ceil(set.length / 2);

		return await send(name, set.slice(0, half)) && await send(name, set.slice(half));
	}

	/* The next decisions to send, of one reviewer: [reviewer, decisions]. */
	function next() {
		const waiting = [...kept].filter(([subject, one]) => !refused.has(subject) && (one.by || reviewer()));

		if (waiting.length === 0)
			return null;
		const name = waiting[0][1].by || reviewer();

		return [name, waiting.filter(([, one]) => (one.by || reviewer()) === name).slice(0, most)];
	}

	async function work() {
		let set;

		if (state === 'unknown' || state === 'offline' || state === 'failing')
			if (!await refresh())
				return;
		tries = 0;
		while ((set = next())) {
			mark('saving');
			if (!await send(set[0], set[1]))
				return;
		}
		mark(refused.size ? 'refused' : 'saved');
	}

	/* Sends unsaved decisions. Resolves when they are saved, or could not be. */
	function flush() {
		if (!served || state === 'local')
			return Promise.resolve();
		if (!busy)
			busy = work().finally(function () {
				busy = null;
				if (state === 'saved' && next())
					flush();
			});
		return busy;
	}

	/* Reads new decisions of others. */
	async function look() {
		if (busy || document.hidden || !['saved', 'denied', 'refused'].includes(state))
			return;
		if (await refresh())
			tell();
	}

	/* --- listeners --- */

	/* Calls CALL, which decides many, and tells the listeners once. */
	function together(call) {
		quiet = true;
		try {
			call();
		} finally {
			quiet = false;
			tell();
		}
	}

	function tell() {
		if (quiet)
			return;
		listeners.forEach((listener) => listener());
	}

	function listen(listener) {
		listeners.push(listener);
	}

	function start() {
		keeps = probe();
		takeToken();
		lendToken();
		readKept();
		take(parse(read('sessionStorage', batch + ':saved')));
		window.addEventListener('storage', function (event) {
			if (event.key === null || event.key.startsWith(pickPrefix) || event.key === batch + ':reviewer' || event.key === 'bi:reviewer') {
				readKept();
				tell();
				/* The other tab saves its decision, unless it was closed before that. */
				clearTimeout(spare);
				spare = setTimeout(() => state === 'saved' && next() && flush(), 3000);
			}
		});
		if (tabs)
			tabs.addEventListener('message', (event) => takeFromTab(event.data));
		window.addEventListener('pageshow', function (event) {
			if (!event.persisted)
				return;
			readKept();
			take(parse(read('sessionStorage', batch + ':saved')));
			state = served && state !== 'local' ? 'unknown' : state;
			tell();
			flush();
		});
		window.addEventListener('online', flush);
		window.addEventListener('hashchange', function () {
			takeToken();
			flush();
		});
		document.addEventListener('visibilitychange', look);
		if (served)
			setInterval(look, 20000);
		flush();
	}

	return {
		batch: batch,
		start: start,
		listen: listen,
		of: of,
		decide: decide,
		together: together,
		/* Reads what another tab has decided since. */
		readKept: readKept,
		flush: flush,
		/* Sends JSON to another path of the batch. Resolves to {status, body}; the status is 0 without an answer. */
		ask: (method, what, json) => request({method: method, body: JSON.stringify(json), headers:
			Object.assign({'Content-Type': 'application/json'}, token() ? {'X-CSRFToken': token()} : {})}, what),
		/* Resolves when the server's decisions are known, or the server does not answer. */
		known: () => state === 'unknown' ? flush() : Promise.resolve(),
		forget: function (subject) {
			forget(subject);
			tell();
			return flush();
		},
		reviewer: reviewer,
		setReviewer: setReviewer,
		/* The names of all whose decisions are known. */
		reviewers: () => [...new Set([...saved.values()].flatMap((by) => [...by.keys()]))].sort(),
		keeps: () => keeps,
		session: {
			get: (key) => parse(read('sessionStorage', batch + ':' + key)),
			set: (key, value) => write('sessionStorage', batch + ':' + key, JSON.stringify(value)),
		},
		/* The unsaved decisions: [subject, {choice, by, at, remarks}]. */
		unsaved: () => [...kept],
		/* The subjects that any reviewer decided. */
		decided: () => new Set([...[...saved].filter(([, by]) => [...by.values()].some((one) => one.choice !== null)).map(([subject]) => subject),
			...kept.keys()]),
		/* A reviewer's saved decisions: [subject, {choice, at, remarks}]. */
		savedBy: (name) => [...saved].filter(([, by]) => by.has(name)).map(([subject, by]) => [subject, by.get(name)]),
		refused: () => [...refused],
		/* readOnly: the server answers, but this tab has no valid token. */
		state: () => ({
			name: state, why: why, served: served, retryAt: retryAt,
			readOnly: state === 'denied' || (state === 'saved' && !token()),
		}),
	};
})();
