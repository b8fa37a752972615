/** The types of bi.js, the client of the batch API (bi-api(1)). */

export type JobStatus = 'pending' | 'processing' | 'completed' | 'failed' | 'partially_completed' | 'removed' | 'unreadable';
export type ItemStatus = 'pending' | 'processing' | 'completed' | 'failed' | 'removed';

/** How urgent a job is: 0 to 9, or low (1), normal (4) or high (7). */
export type Priority = number | 'low' | 'normal' | 'high';

export interface BatchJob {
	id: number;
	status: JobStatus;
	total_items: number;
	name: string;
	/* These are missing if the batch was removed or cannot be read. */
	job_type?: 'url_parse' | 'url_parse_media' | 'file_upload';
	completed_items?: number;
	failed_items?: number;
	processing_items?: number;
	pending_items?: number;
	progress_percentage?: number;
	created_at?: string | null;
	updated_at?: string | null;
	priority?: number | null;
	label?: string;
	category?: string;
	notebook?: string;
	/** Only of jobs that fetch media: whether no more items can come. */
	total_is_final?: boolean;
	removed_items?: number;
	stale?: true;
}

export interface Item {
	id: number;
	status: ItemStatus;
	item_data: {url?: string; file?: string; filename?: string; size?: number};
	subject_name?: string;
	upload_id: string;
	result?: {file_id: string | null; knowledge_item_id: number | null; path?: string; bytes?: number; mime?: string; sha256?: string};
	error_code?: string;
	error_message?: string;
}

export interface StatusDocument {
	batch_job: BatchJob;
	items: Item[];
}

export interface FileStatus extends Item {
	batch_job_id: number;
	file_id?: string;
	knowledge_item_id?: number | null;
	success: true;
	data: {status: ItemStatus; file_id?: string};
}

export interface List<T, Data = T[]> {
	success: true;
	count: number;
	results: T[];
	data: Data;
}

export interface ListedFile {
	file_id: string;
	knowledge_item_id: number | null;
	upload_id: string;
	title?: string;
	mime: string;
	kind?: string;
	language?: string;
	bytes?: number;
	url?: string;
	filename?: string;
	created_at: string;
	status: 'completed' | 'removed' | 'unreadable';
	batch_job_id: number;
}

export interface KnowledgeItem {
	knowledge_base_item_id: number;
	file_id: string;
	title?: string;
	kind?: string;
	language?: string;
	mime?: string;
	url?: string;
	filename?: string;
	notes?: string;
	linked: boolean;
}

export interface KnowledgeData {
	items: KnowledgeItem[];
	notebook_id: string;
	pagination: {count: number; limit: number; offset: number};
}

export interface Content {
	success: true;
	file_id: string;
	notebook: string;
	batch_job_id: number;
	data: {content?: string; title?: string; metadata?: Record<string, unknown>};
	title?: string;
	text?: string;
	[member: string]: unknown;
}

export interface OneResult {
	success: true;
	file_id: string;
	knowledge_item_id: number | null;
	is_batch: false;
	total_items: 1;
	batch_job_id: number;
	upload_id: string;
}

export interface BatchResult {
	success: true;
	batch_job_id: number;
	total_items: number;
	message: string;
	is_batch: true;
}

export interface Done {
	success: true;
	/** It continues after the answer. */
	continues?: true;
}

export interface Retried {
	retried: number;
	left: number;
	worker: boolean;
}

export interface CallOptions {
	signal?: AbortSignal;
}

export interface PageOptions extends CallOptions {
	limit?: number;
	offset?: number;
}

export interface SubmitOptions extends CallOptions {
	uploadId?: string | string[] | null;
	priority?: Priority;
	timeout?: number;
}

export interface UploadOptions extends CallOptions {
	onProgress?: (sent: {loaded: number; total: number}) => void;
	priority?: Priority;
	timeout?: number;
}

export interface WatchOptions extends PageOptions {
	stream?: boolean;
	every?: number;
	silence?: number;
	patience?: number;
}

export interface BiOptions {
	baseUrl?: string;
	token?: string | null | (() => string | null);
	credentials?: 'omit' | 'same-origin' | 'include';
	fetch?: typeof fetch;
}

export class BiError extends Error {
	constructor(status: number, code: string, detail: string, body?: Record<string, unknown> | null);
	status: number;
	code: string;
	detail: string;
	body: Record<string, unknown> | null;
}

export function isFinal(status: JobStatus): boolean;
export function tokenOfPage(): string | null;
export function keepToken(token: string): void;

export class Bi {
	constructor(options?: BiOptions);
	parseUrl(url: string, notebookId: string, options?: SubmitOptions): Promise<OneResult>;
	parseUrl(urls: string[], notebookId: string, options?: SubmitOptions): Promise<BatchResult>;
	parseUrlWithMedia(url: string, notebookId: string, options?: SubmitOptions): Promise<OneResult>;
	parseUrlWithMedia(urls: string[], notebookId: string, options?: SubmitOptions): Promise<BatchResult>;
	parseFile(file: Blob, uploadId: string | null | undefined, notebookId: string, options?: UploadOptions): Promise<OneResult>;
	parseFile(files: Blob[], uploadId: string | string[] | null | undefined, notebookId: string, options?: UploadOptions): Promise<BatchResult>;
	getBatchJobStatus(notebookId: string, jobId: number | string, options?: PageOptions): Promise<StatusDocument>;
	watchBatchJob(notebookId: string, jobId: number | string, options?: WatchOptions): AsyncGenerator<StatusDocument>;
	cancelJob(notebookId: string, jobId: number | string, options?: CallOptions): Promise<Done>;
	retryJob(notebookId: string, jobId: number | string, options?: CallOptions & {items?: number[]}): Promise<Retried>;
	deleteJob(notebookId: string, jobId: number | string, options?: CallOptions): Promise<Done>;
	listNotebooks(options?: PageOptions): Promise<List<string>>;
	listBatchJobs(notebookId: string, options?: PageOptions): Promise<List<BatchJob>>;
	listFiles(notebookId: string, options?: PageOptions & {contentType?: string}): Promise<List<ListedFile>>;
	getFileStatus(notebookId: string, id: string, options?: CallOptions): Promise<FileStatus>;
	getContent(fileId: string, options?: CallOptions): Promise<Content>;
	contentUrl(fileId: string): string;
	rawUrl(fileId: string): string;
	rawUrl(notebookId: string, fileId: string): string;
	imageUrl(notebookId: string, fileId: string, name: string): string;
	deleteFile(notebookId: string, id: string | number, options?: CallOptions): Promise<null>;
	listKnowledgeBase(notebookId: string, options?: PageOptions & {contentType?: string; all?: boolean}): Promise<List<KnowledgeItem, KnowledgeData>>;
	linkKnowledgeItem(notebookId: string, itemId: number, options?: CallOptions & {notes?: string}): Promise<{success: true; knowledge_base_item_id: number; file_id: string}>;
	unlinkKnowledgeItem(notebookId: string, itemId: number, options?: CallOptions): Promise<null>;
	retryFailed(batch: string, options?: CallOptions & {items?: number[]}): Promise<Retried>;
	listItems(batch: string, options?: PageOptions & {status?: 'failed' | 'completed'}): Promise<{count: number; items: Item[]}>;
	cancelBatch(batch: string, options?: CallOptions): Promise<Done>;
	renderBatch(batch: string, options?: CallOptions): Promise<Done>;
	health(options?: CallOptions): Promise<{success: true}>;
}

export default Bi;
