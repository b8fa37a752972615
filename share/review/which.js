/*
 * Sources that contradict each other: the card asks which licence is right. The answer is a remark of the decision, by the number of the
 * candidate. Without one the strictest licence counts.
 */
'use strict';
const which = (function () {
	const {page, all, setText} = review;

	/* The subject and the candidate of a question. */
	function about(question) {
		return {
			subject: question.closest('[data-subject]').dataset.subject,
			idx: page.sheet ? '1' : question.closest('.candidate').dataset.idx,
		};
	}

	async function answer(input) {
		const {subject, idx} = about(input);
		const {mine, remarks} = picks.of(subject);
		const licence = {...remarks.licence, [idx]: input.value};

		if (input.value === '')
			delete licence[idx];
		if (!await decisions.decide(subject, mine, decision.remarksOf({...remarks, licence})))
			return;
		review.say(input.value ? 'Right licence: ' + review.isolate(input.value) : 'Not sure: the strictest licence counts');
		picks.flush();
	}

	/* Shows what this reviewer answered. */
	function show() {
		for (const question of all('.which')) {
			const {subject, idx} = about(question);
			const said = (picks.of(subject).remarks.licence || {})[idx] || '';

			question.hidden = false;
			for (const input of all('input', question))
				input.checked = input.value === said;
			setText(question.querySelector('.counts'), said ? '' : 'Until somebody says so, the strictest counts.');
		}
	}

	document.addEventListener('change', function (event) {
		if (event.target.matches('.which input'))
			answer(event.target);
	});
	picks.listen(show);
	return {show: show};
})();
