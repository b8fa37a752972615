/*
 * "Try again": has the failed items of a subject, or on the index of the batch, fetched again. The server hands them to a worker; a page that is a file
 * says which commands do it.
 */
'use strict';
const failed = (function () {
	const {page, byId, make, plural} = review;

	function commands() {
		return make('span', {}, 'Run ', make('code', {}, 'bi-fetch -b ' + page.batch + ' --resume --retry failed'), ' and then ',
			make('code', {}, 'bi-render ' + page.batch), '.');
	}

	function say(...parts) {
		byId('again-said').hidden = false;
		byId('again-said').replaceChildren(...parts);
	}

	function words(answer) {
		if (answer.retried === 0)
			return ['None of these items can be fetched again: they were deleted, or are being fetched.'];
		return [plural(answer.retried, 'item is', 'items are') + ' fetched again' +
			(answer.worker ? '. ' : ' when a worker runs (bi-fetch --work). ') + 'The new files are here after the next ',
		make('code', {}, 'bi-render ' + page.batch), '.'];
	}

	/* ITEMS: their numbers; null: all of the batch, of which the server takes some at a time. */
	async function ask(items) {
		let retried = 0, answer = {body: {next: 1}};

		do {
			answer = await picks.ask('POST', 'retry', items ? {items: items} : {from: answer.body.next});
			retried += answer.status === 202 ? answer.body.retried : 0;
		} while (answer.status === 202 && answer.body.next);
		if (answer.status === 202)
			answer.body.retried = retried;
		return answer;
	}

	async function again(items) {
		const answer = await ask(items);

		if (answer.status === 202)
			say(...words(answer.body));
		else if (answer.status === 0)
			say('The server does not answer. Try again later.');
		else if (answer.status === 401)
			say('This needs the address that “bi-serve ' + page.batch + '” prints, since this page is read only. Or: ', commands());
		else
			say('The server cannot do this: ' + (answer.body && answer.body.detail || 'it answers ' + answer.status) + '. ', commands());
		return answer.status === 202;
	}

	/* Shows the button of the page, or of the subject that is now on it. */
	function begin() {
		const button = byId('again');

		if (!button)
			return;
		button.hidden = false;
		button.addEventListener('click', async function () {
			const list = byId('failures');

			if (!picks.state().served || picks.state().name === 'local') {
				say(commands());
				return;
			}
			button.disabled = true;
			button.disabled = await again(list && list.dataset.items.split(' ').map(Number).slice(0, 10000));
		});
	}

	return {begin: begin};
})();
