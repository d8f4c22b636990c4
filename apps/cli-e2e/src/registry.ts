/** A Cargo registry on loopback: what `cargo publish` and the sparse index need, in memory. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A running registry. */
export interface CargoRegistry {
  /** For `[registries.NAME] index`. */
  readonly index: string;
  /** `name@version` in the order of the uploads. */
  readonly uploads: readonly string[];
  close(): Promise<void>;
}

interface Upload {
  readonly name: string;
  readonly vers: string;
  readonly deps: readonly { readonly name: string; readonly version_req: string; readonly kind: string }[];
  readonly features: object;
}

/**
 * Starts a registry that holds nothing.
 *
 * Sources: The Cargo Book, "Registry Web API" (upload) and "Index Format" (sparse protocol).
 */
export async function cargoRegistry(): Promise<CargoRegistry> {
  const lines = new Map<string, string[]>();
  const crates = new Map<string, Buffer>();
  const uploads: string[] = [];
  const server = createServer(async (request, response) => {
    const url = request.url ?? '';
    const send = (code: number, body: string | Buffer) => response.writeHead(code).end(body);
    if (request.method === 'PUT' && url === '/api/v1/crates/new') {
      const { metadata, crate } = parts(await bodyOf(request));
      const { name, vers, deps, features } = metadata;
      const cksum = createHash('sha256').update(crate).digest('hex');
      const entry = {
        name,
        vers,
        deps: deps.map(({ version_req, ...rest }) => ({ ...rest, req: version_req })),
        cksum,
        features,
        yanked: false,
      };
      lines.set(name, [...(lines.get(name) ?? []), JSON.stringify(entry)]);
      crates.set(`/dl/${name}/${vers}/download`, crate);
      uploads.push(`${name}@${vers}`);
      return send(200, '{"warnings":{"invalid_categories":[],"invalid_badges":[],"other":[]}}');
    }
    if (url === '/index/config.json') {
      const origin = `http://${request.headers.host}`;
      return send(200, JSON.stringify({ dl: `${origin}/dl`, api: origin }));
    }
    const crate = crates.get(url);
    if (crate) return send(200, crate);
    const known = lines.get(url.slice(url.lastIndexOf('/') + 1));
    return known ? send(200, known.join('\n')) : send(404, 'not found');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    index: `sparse+http://127.0.0.1:${port}/index/`,
    uploads,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Two parts, each after its length as a little-endian 32-bit number. */
function parts(body: Buffer): { metadata: Upload; crate: Buffer } {
  const length = body.readUInt32LE(0);
  const metadata = JSON.parse(body.subarray(4, 4 + length).toString('utf8')) as Upload;
  return { metadata, crate: body.subarray(8 + length, 8 + length + body.readUInt32LE(4 + length)) };
}
