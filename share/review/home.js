/* The home page: every batch, as the server's stream of states tells. */
'use strict';
(function () {
	const token = /^#token=([0-9a-f]{64})$/.exec(location.hash);

	if (token) {
		sessionStorage.setItem('token', token[1]);
		history.replaceState(null, '', location.pathname);
	}

	function row(batch) {
		const job = batch.batch_job;
		const item = document.createElement('li');
		const name = document.createElement(batch.pages ? 'a' : 'span');

		name.textContent = job.name;
		if (batch.pages)
			name.href = '/' + encodeURIComponent(job.name) + '/index.html';
		item.append(name, ': ' + job.status + ', ' + (job.completed_items + job.failed_items) + ' of ' +
			job.total_items);
		return item;
	}

	function show(state) {
		const all = document.getElementById('batches');

		document.getElementById('state').textContent = state.batches.length + ' batches';
		all.replaceChildren.apply(all, state.batches.map(row));
	}

	new EventSource('/api/v1/status/stream').onmessage = function (event) {
		show(JSON.parse(event.data));
	};
})();
