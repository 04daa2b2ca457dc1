// What every client stands on: HTTP/1.1 with addresses, headers and bodies exactly as it writes them.
import { once } from 'node:events'
import { Agent, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { createAdaptorServer } from '@hono/node-server'
import type { TestBridge } from '../support/bridge.ts'
import { onFileEnd } from '../support/ending.ts'
import { PUBLIC_URL } from '../support/known.ts'

export interface WireRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent with any method, GET too, as some consumers do. */
  readonly body?: string
}

export interface WireAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Unpacked when it came as gzip. */
  readonly text: string
  /** The body's bytes as they came. */
  readonly bytes: Uint8Array
}

export interface Wire {
  /** The origin under which the bridge is known; behind it stands a proxy that ends TLS. */
  readonly publicUrl: string
  /** Sends to an address below the public origin. Letters that HTTP cannot carry are percent-encoded, the others left. */
  send(address: string, request?: WireRequest): Promise<WireAnswer>
}

export interface Proxy {
  readonly publicUrl: string
  /** Whether the proxy passes the path of the public address on, or takes it off. */
  readonly keepsPrefix?: boolean
}

/** Listens on the loopback interface until the file's last test. */
export async function serve(bridge: Pick<TestBridge, 'app'>, proxy: Proxy = { publicUrl: PUBLIC_URL }): Promise<Wire> {
  const server = createAdaptorServer({ fetch: bridge.app.fetch }) as Server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onFileEnd(() => {
    server.closeAllConnections()
    server.close()
  })
  // A server that listens on a port has an address of this kind.
  const { port } = server.address() as AddressInfo
  return wireTo({ port, ...proxy })
}

/** The wire to a server that listens already. */
export function wireTo({ port, publicUrl, keepsPrefix = false }: Proxy & { readonly port: number }): Wire {
  const agent = new Agent({ keepAlive: true })
  onFileEnd(() => agent.destroy())
  const { host, origin } = new URL(publicUrl)
  const taken = keepsPrefix ? origin : publicUrl
  return {
    publicUrl,
    async send(address, { method = 'GET', headers = {}, body } = {}) {
      if (!address.startsWith(`${publicUrl}/`)) throw new Error(`${address} is not below ${publicUrl}`)
      const path = address.slice(taken.length).replace(/[^\x21-\x7e]/gu, (letter) => encodeURIComponent(letter))
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
      const sent = httpRequest({
        host: '127.0.0.1',
        port,
        path,
        method,
        agent,
        headers: { host, ...headers, ...length },
      })
      sent.end(body)
      const [answer] = await once(sent, 'response')
      const parts: Buffer[] = []
      for await (const part of answer) parts.push(part)
      const bytes = Buffer.concat(parts)
      const isPacked = answer.headers['content-encoding'] === 'gzip' && bytes.length > 0
      const text = (isPacked ? gunzipSync(bytes) : bytes).toString('utf8')
      return { status: answer.statusCode, headers: answer.headers, text, bytes }
    },
  }
}
