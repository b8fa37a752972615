/*
 * Shared by all review pages: the state of the picks in the bar, messages, the dialogs for the reviewer's name and the
 * keys, and the change to another page. Texts from batches are inserted as text, never as HTML.
 */
'use strict';
const review = (function () {
	const page = document.body.dataset;
	const patience = 10000; /* milliseconds that a request may take */
	const pause = 800; /* milliseconds between keys after which a person has seen what the page says */
	const toasted = 5000; /* milliseconds that a message is shown */
	let toasting = 0; /* the timer of the message */
	let leaving = false;
	let deafUntil = 0;

	function byId(id) {
		return document.getElementById(id);
	}

	function all(selector, within) {
		return Array.from((within || document).querySelectorAll(selector));
	}

	/* An element with properties and children. */
	function make(name, properties, ...children) {
		const element = Object.assign(document.createElement(name), properties);

		element.append(...children);
		return element;
	}

	function setText(element, text) {
		if (element.textContent !== text)
			element.textContent = text;
	}

	/* A name for a text without elements: its direction does not change the order of the words around it. */
	function isolate(name) {
		return /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.test(name) ? '\u2068' + name + '\u2069' : name;
	}

	/* Puts an element above all others: the loupe lies above all that is not in it. */
	function raise(element) {
		(document.querySelector('dialog#loupe[open]') || document.body).append(element);
	}

	/* Tells screen readers, and shows it for some seconds, with a button that undoes it if UNDO does. */
	function say(text, {undo = null, quiet = false} = {}) {
		const toast = byId('toast');
		const button = make('button', {type: 'button', className: 'button'}, 'Undo');

		setText(byId('say'), text);
		clearTimeout(toasting);
		all('button', toast).forEach((old) => old.remove());
		if (undo)
			toast.append(button);
		button.addEventListener('click', undo);
		raise(toast);
		toast.classList.toggle('shown', !quiet && text !== '');
		toasting = setTimeout(() => toast.classList.remove('shown'), toasted);
	}

	/* Shows a problem; an empty text hides it. */
	function warn(text) {
		const notice = byId('notice');

		setText(notice, text);
		notice.hidden = !text;
	}

	/* A number for people: 12,345. */
	function number(n) {
		return n.toLocaleString('en');
	}

	function plural(n, one, many) {
		return number(n) + ' ' + (n === 1 ? one : many);
	}

	/* --- what is saved --- */

	const troubles = {
		offline: 'The server does not answer. This browser keeps your picks and sends them when the server is back. ' +
			'Pages that are not loaded yet can be opened then.',
		failing: 'The server cannot save now. This browser keeps your picks and tries again.',
		denied: 'Read only: to save picks, open the address that “bi-serve ' + page.batch + '” prints. ' +
			'Until then this browser keeps your picks.',
		forbidden: 'The server does not accept picks from this address. Open the address that bi-serve printed. ' +
			'Until then this browser keeps your picks.',
		refused: 'The server refused some picks. The page “Picks” says which, and why.',
	};
	const nothingKept = 'This browser stores nothing for this page, so your picks would be lost. ' +
		'Allow it to store data for this page, free some space, or use another browser.';

	function showSaved() {
		const state = picks.state();
		const unsaved = picks.unsaved().length;
		const pill = byId('saved');
		let kind = unsaved ? 'unsaved' : 'saved';
		let text = unsaved ? 'Unsaved: ' + unsaved : 'All saved';

		if (state.name === 'local') {
			kind = 'local';
			text = unsaved ? 'In this browser: ' + unsaved : '';
		} else if (state.name === 'saving' && unsaved <= 1) {
			kind = 'saving';
			text = pill.textContent; /* it changes a moment later */
		} else if (state.name === 'unknown' && !unsaved) {
			kind = 'saving';
			text = '';
		} else if (state.readOnly && !unsaved) {
			kind = 'unsaved';
			text = 'Read only';
		}
		pill.dataset.kind = kind;
		setText(pill, text);
		byId('reviewer').hidden = !picks.reviewer();
		setText(byId('reviewer'), isolate(picks.reviewer() || ''));
		byId('home').hidden = !state.served || state.name === 'local';
		if (!picks.keeps())
			warn(nothingKept);
		else if (state.name === 'unknown' || state.name === 'saving')
			return;
		else if (state.readOnly)
			warn(troubles.denied);
		else if (troubles[state.name])
			warn(troubles[state.name] + (state.why ? ' The server says: ' + state.why : ''));
		else
			warn('');
	}

	/* --- dialogs --- */

	function openDialog(dialog) {
		if (!dialog.isConnected)
			document.body.append(dialog);
		if (!dialog.open)
			dialog.showModal();
	}

	function closer(dialog) {
		const button = make('button', {type: 'button', className: 'button close'}, 'Close');

		button.addEventListener('click', () => dialog.close());
		return button;
	}

	const keys = [
		['1 – 9', page.picks === 'many' ? 'pick the candidate with this number, or take it out' : 'pick the candidate with this number'],
		['p', 'pick a candidate by number: type it, then Enter'],
		['0', 'pick none of them'],
		['u', 'undo the last decision, also with Backspace'],
		...(page.reasons ? [['x', 'pick none of them, with a reason']] : []),
		['d', 'in doubt: mark the decision as unsure'],
		['e', 'edit the note on the subject'],
		...(page.stars ? [['r', 'rate: then 1 to 5 stars, or 0 for none']] : []),
		['→  ←', 'next or previous subject'],
		['j  k', 'next or previous candidate; Enter picks it'],
		['n', 'next subject that you have not decided'],
		['Space', 'loupe, and back; 1-9 pick there too'],
		['↑  ↓', 'in the loupe: another page of a document'],
		['z', 'loupe; there: pixel for pixel, and back'],
		['c', 'compare two, three or four; h holds the first'],
		['+  -', 'larger or smaller, on the page and in the loupe'],
		['i', 'all that is known of each picture'],
		['s', 'all picks'],
		['a', 'all subjects'],
		['/', 'search the subjects'],
		['?', 'this help'],
	];

	const sheetKeys = [
		['Enter', 'keep'],
		['x  0', page.reasons ? 'reject; x asks for a reason' : 'reject'],
		['u', 'undo the last decision'],
		...(page.stars ? [['1 – 5', 'stars; r and 0 for none']] : []),
		['d', 'in doubt: mark as unsure'],
		['e', 'edit the note'],
		['→  ←', 'next or previous item'],
		['↓  ↑', 'the row below or above; with Shift, all of these select'],
		['Ctrl-a', 'select all that are shown'],
		['Esc', 'select nothing'],
		['n', 'next open item'],
		['Space', 'loupe, and back; Enter and x decide there too'],
		['z', 'loupe; there: pixel for pixel, and back'],
		['c', 'compare two, three or four; h holds the first'],
		['+  -', 'larger or smaller, on the page and in the loupe'],
		['i', 'all that is known of each item, and its links'],
		['s', 'all picks'],
		['/', 'search the items'],
		['?', 'this help'],
	];

	const listKeys = [
		['→  ←', 'next or previous subject; Enter opens it'],
		['↓  ↑', 'the row below or above'],
		['j  k', 'next or previous subject'],
		['n', 'next subject that you have not decided'],
		['s', 'all picks'],
		['a', 'all subjects'],
		['/', 'search'],
		['?', 'this help'],
	];

	function keysHere() {
		if (page.page === 'subject')
			return keys;
		return page.sheet && page.page === 'index' ? sheetKeys : listKeys;
	}

	function help() {
		const dialog = byId('keys') || make('dialog', {id: 'keys'});
		const name = make('button', {type: 'button', className: 'button'}, 'Change your name');
		const close = closer(dialog);

		close.autofocus = true; /* the next key ends the help, and does nothing else */
		name.addEventListener('click', function () {
			dialog.close();
			askName();
		});
		dialog.setAttribute('aria-labelledby', 'keys-title');
		dialog.replaceChildren(
			make('h2', {id: 'keys-title'}, 'Keys'),
			make('dl', {className: 'keys'}, ...keysHere().map((key) => make('div', {},
				make('dt', {}, ...key[0].split('  ').map((k) => make('kbd', {}, k))), make('dd', {}, key[1])))),
			make('p', {className: 'quiet'}, picks.reviewer() ? 'You review as ' + isolate(picks.reviewer()) + '.' :
				'You have not entered your name.'),
			make('p', {className: 'buttons'}, name, close));
		openDialog(dialog);
	}

	/* Asks for the reviewer's name, and resolves when it is known. A reviewer who closes the dialog is anonymous. */
	function askName() {
		return new Promise(function (resolve) {
			const input = make('input', {id: 'name', type: 'text', dir: 'auto', maxLength: 64, autocomplete: 'name', spellcheck: false});
			const form = make('form', {method: 'dialog'},
				make('h2', {id: 'who-title'}, 'Who is reviewing?'),
				make('p', {className: 'quiet'}, 'Each pick is stored with the name of its reviewer, so that the picks of ' +
					'several reviewers can be compared. This browser asks once.'),
				make('label', {htmlFor: 'name'}, 'Your name'), input,
				make('datalist', {id: 'names'}, ...picks.reviewers().map((value) => make('option', {value}))),
				make('p', {className: 'buttons'},
					make('button', {type: 'submit', className: 'button primary'}, 'Continue'),
					make('button', {type: 'button', className: 'button', id: 'nameless'}, 'Continue without a name')));
			const dialog = make('dialog', {id: 'who'}, form);

			dialog.setAttribute('aria-labelledby', 'who-title');
			input.setAttribute('list', 'names');
			input.value = picks.reviewer() === 'anonymous' ? '' : picks.reviewer() || '';
			form.querySelector('#nameless').addEventListener('click', function () {
				input.value = '';
				dialog.close();
			});
			dialog.addEventListener('cancel', function () {
				input.value = picks.reviewer() || '';
			});
			dialog.addEventListener('close', function () {
				const name = input.value.replace(/\p{Cc}/gu, '').trim();

				dialog.remove();
				picks.setReviewer(name || 'anonymous');
				resolve();
			});
			openDialog(dialog);
		});
	}

	/* --- moving --- */

	function wait(ms) {
		return new Promise((resolve) => setTimeout(resolve, ms));
	}

	/* True if the server answers. A page that is opened without an answer is replaced by the browser's page of errors. */
	async function isServed(address) {
		try {
			await fetch(address, {method: 'HEAD', cache: 'no-store', signal: AbortSignal.timeout(patience)});
			return true;
		} catch {
			return false;
		}
	}

	/*
	 * Opens another page when the picks are saved, or after 1.5 s if the server answers. While it does not answer, no other
	 * page can be loaded, so this one stays.
	 */
	async function go(to) {
		if (leaving)
			return;
		leaving = true;
		const settled = await Promise.race([picks.flush().then(() => true), wait(1500)]);

		if (picks.state().name === 'offline' || (!settled && !await isServed(to))) {
			leaving = false;
			deafen();
			say('The server does not answer. You can open other pages when it does.');
			return;
		}
		location.href = to;
		/* If the other page does not load, this one must work again. */
		setTimeout(function () {
			leaving = false;
		}, 5000);
	}

	/* --- keys --- */

	/* Another page was wanted and did not come: keys that were meant for it are ignored, until none came for a while. */
	function deafen() {
		deafUntil = Date.now() + pause;
	}

	function isTyping(event) {
		if (!(event.target instanceof Element))
			return false;
		/* A player has its own keys. */
		return event.target.matches('input:not([type=radio]), textarea, select') ||
			(event.target.matches('video, audio') && /^( |Arrow)/.test(event.key));
	}

	/*
	 * Calls HANDLERS[key] for keys that are meant for the page, and again while the key is held if the handler repeats. TURNING
	 * takes a key that is meant for the page that is on its way.
	 */
	function listenKeys(handlers, turning = () => false) {
		document.addEventListener('keydown', function (event) {
			if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || leaving || isTyping(event))
				return;
			const handler = Object.hasOwn(handlers, event.key) ? handlers[event.key] : null;
			const dialog = document.querySelector('dialog[open]');

			if (!handler || (event.repeat && !handler.repeats) || (dialog && dialog.id !== 'loupe'))
				return;
			if (Date.now() < deafUntil) {
				deafen();
				return;
			}
			if (turning(() => handler(event)) || handler(event) !== false)
				event.preventDefault();
		});
	}

	function start() {
		if (page.page === undefined)
			return;
		byId('help').hidden = false;
		byId('help').addEventListener('click', help);
		byId('reviewer').addEventListener('click', askName);
		picks.listen(showSaved);
		window.addEventListener('pageshow', function () {
			leaving = false;
		});
		listenKeys({'?': help});
		picks.start();
		showSaved();
	}

	return {
		page: page, byId: byId, all: all, make: make, setText: setText, raise: raise, say: say, warn: warn, words: decision.words,
		number: number, plural: plural, isolate: isolate, askName: askName, openDialog: openDialog, closer: closer, go: go, listenKeys: listenKeys,
		nothingKept: nothingKept, start: start, refresh: showSaved, deafen: deafen,
		isLeaving: () => leaving,
	};
})();
