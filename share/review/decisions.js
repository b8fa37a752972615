/*
 * Decides, and undoes what was decided in this tab: on the page of a subject, on the sheet and on submit.html. The session keeps what can
 * be undone for the next page that is loaded.
 */
'use strict';
const decisions = (function () {
	const most = 1000;
	let undone = picks.session.get('undo') || []; /* steps: lists of {subject, before, after}, of which these are {choice, remarks} */

	function keep(list) {
		undone = list.slice(-most);
		/* A full storage keeps the latest ones for the next page. */
		for (let n = undone.length; n > 0 && !picks.session.set('undo', undone.slice(-n)); n >>= 1)
			;
		if (undone.length === 0)
			picks.session.set('undo', []);
	}

	/* The present decision of this reviewer. */
	function present(subject) {
		const known = picks.of(subject);

		return {choice: known.mine, remarks: known.remarks};
	}

	/* What was before an entry; before there were remarks, that was only the choice. */
	function beforeOf(entry) {
		return entry.before && typeof entry.before === 'object' && 'remarks' in entry.before ? entry.before :
			{choice: entry.before, remarks: {}};
	}

	function isPresent(subject, {choice, remarks}) {
		const now = present(subject);

		return decision.isSame({choice, ...remarks}, {choice: now.choice, ...now.remarks});
	}

	/* Stores decisions, all or none, and asks once for the reviewer's name. Resolves to true if they are stored. */
	async function store(all) {
		const before = all.map(({subject}) => ({subject, ...present(subject)}));
		let n = 0;

		picks.together(function () {
			while (n < all.length && picks.decide(all[n].subject, all[n].choice, all[n].remarks))
				n++;
			if (n < all.length)
				before.slice(0, n).forEach((one) => picks.decide(one.subject, one.choice, one.remarks));
		});
		if (n < all.length) {
			review.warn(review.nothingKept);
			return false;
		}
		if (picks.reviewer() === null && !document.querySelector('dialog#who'))
			await review.askName();
		return true;
	}

	/* Decides ALL, {subject, choice, remarks} each, as one step that can be undone. Resolves to true if it is stored. */
	async function decideAll(all) {
		/* At once, so that the next key is for what this one made. */
		const step = all.map(({subject, choice, remarks}) =>
			({subject, before: present(subject), after: {choice, remarks: decision.remarksOf(remarks)}}));

		keep(undone.concat([step]));
		if (await store(all))
			return true;
		keep(undone.slice(0, -1));
		return false;
	}

	/*
	 * Takes back the last step of this tab, for any subject; if there is none, the choice for SUBJECT. Resolves to {subject,
	 * back, said}: the subject to show, the decisions {subject, choice, remarks} that hold again, and what was done in words;
	 * or null if there was nothing to undo, or it could not be stored. What another tab decided since stays.
	 */
	async function undo(subject) {
		const last = undone[undone.length - 1];
		const step = last ? [].concat(last) : [{subject, before: {choice: null, remarks: decision.withoutReason(present(subject).remarks)}}];

		picks.readKept();
		const back = step.filter((one) => !one.after || isPresent(one.subject, one.after) || isPresent(one.subject, beforeOf(one)))
			.map((one) => ({subject: one.subject, ...beforeOf(one)}));
		const changed = back.filter((one) => !isPresent(one.subject, one));

		if (!last && changed.length === 0 || changed.length && !await store(changed))
			return null;
		keep(undone.filter((one) => one !== last));
		if (back.length === 0)
			return {subject, back, said: 'Not undone: it was decided again elsewhere, and that stays'};
		return {subject: back[0].subject, back, said: 'Undone: ' + decision.words(back[0].choice)};
	}

	return {decide: (subject, choice, remarks) => decideAll([{subject, choice, remarks}]), decideAll: decideAll, undo: undo, count: () => undone.length};
})();
