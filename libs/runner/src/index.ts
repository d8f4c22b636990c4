/** The runner as a library: its framing and the view over a disk. The programs are `main.ts`, `worker.ts`, `snapshot.ts`. */
export { changeSetFromJson } from './change-set.ts';
export { type ErrorCode, errors } from './errors.ts';
export { encodeFrame, FrameDecoder, MAX_PAYLOAD } from './frames.ts';
export { DiskView, type ViewSetup } from './view.ts';
