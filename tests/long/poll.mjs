/*
 * poll.mjs URL NOTEBOOK JOB N: follows a job as front ends do that do not use bi.js: pollStatus() below is what their
 * authors write, and no request of it may fail, since nothing catches that. Half of the followers use fetch(), which
 * closes idle connections itself after four seconds, and half the agent of node:http, as older libraries do, which waits
 * as long as the server announces. The program is as busy as a page can be: often its timers and sockets wait for
 * seconds. It prints how many of N questions were answered.
 */
import http from 'node:http';

const [url, notebook, jobId, n] = process.argv.slice(2);
const FOLLOWERS = 50;
const agent = new http.Agent({keepAlive: true});
const BUSY = 3000; /* milliseconds at most, at once */
const say = console.log;
let answers = 0;

/* Of a job that is in progress; after N of them the program ends. */
function count(status) {
	if (!['pending', 'processing'].includes(status.batch_job.status))
		throw new Error('the job is ' + status.batch_job.status);
	if (status.items.length !== status.batch_job.total_items)
		throw new Error('the document is not whole');
	if (++answers === Number(n)) {
		say(`${n} answers`);
		process.exit(0);
	}
	return status;
}

const path = (notebookId, batchJobId) => `${url}/notebooks/${notebookId}/batch-jobs/${batchJobId}/status/`;

const byFetch = {
	async getBatchJobStatus(notebookId, batchJobId) {
		const response = await fetch(path(notebookId, batchJobId), {credentials: 'include'});

		if (!response.ok)
			throw new Error('status ' + response.status);
		return count(await response.json());
	},
};

const byAgent = {
	getBatchJobStatus(notebookId, batchJobId) {
		return new Promise(function (resolve, reject) {
			http.get(path(notebookId, batchJobId), {agent}, function (response) {
				let text = '';

				if (response.statusCode !== 200)
					reject(new Error('status ' + response.statusCode));
				response.on('data', (piece) => (text += piece));
				response.on('error', reject);
				response.on('end', () => resolve(count(JSON.parse(text))));
			}).on('error', reject);
		});
	},
};

function follow(apiService, notebookId, batchJobId) {
    /* From here to its call, as the guide of the front end has it. */
        // Poll for status updates
        const pollStatus = async () => {
            const status = await apiService.getBatchJobStatus(notebookId, batchJobId);
            const job = status.batch_job;
            
            console.log(`Progress: ${job.progress_percentage}%`);
            
            if (job.status === 'completed') {
                console.log('Batch completed successfully!');
                // Refresh file list or handle completion
            } else if (job.status === 'failed') {
                console.error('Batch failed');
            } else if (job.status === 'partially_completed') {
                console.warn(`Batch partially completed: ${job.completed_items}/${job.total_items}`);
            } else {
                // Still processing, check again
                setTimeout(pollStatus, 2000);
            }
        };
        
        pollStatus();
}

function beBusy() {
	const until = Date.now() + Math.random() * BUSY;

	while (Date.now() < until)
		;
	setTimeout(beBusy, Math.random() * 3000);
}

for (let i = 0; i < FOLLOWERS; i++)
	setTimeout(follow, i * 100, i % 2 ? byFetch : byAgent, notebook, jobId);
beBusy();
