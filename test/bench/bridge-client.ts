// What the bench asks of the bridge: a token, pages, single records, and syncs by the admin API.
import { setTimeout as wait } from 'node:timers/promises'
import { Pool } from 'undici'
import type { PowerSchoolProcess } from './processes.ts'

export const CONSUMER = { id: 'bench', secret: 'bench-secret-of-no-worth', admin: 'bench-admin-token-of-no-worth' }

export function bridgeEnvironment(powerSchool: PowerSchoolProcess, dataDir: string): Record<string, string> {
  return {
    POWERSCHOOL_URL: powerSchool.url,
    POWERSCHOOL_CLIENT_ID: powerSchool.clientId,
    POWERSCHOOL_CLIENT_SECRET: powerSchool.clientSecret,
    POWERSCHOOL_CONCURRENCY: '8',
    POWERSCHOOL_TEMPLATE: 'rest',
    ONEROSTER_CLIENT_ID: CONSUMER.id,
    ONEROSTER_CLIENT_SECRET: CONSUMER.secret,
    ADMIN_TOKEN: CONSUMER.admin,
    // Fixed, so that every run of the bench publishes the same links whatever the port.
    PUBLIC_URL: 'https://bridge.example.org',
    DATA_DIR: dataDir,
    PORT: '0',
    SYNC_INTERVAL: 'PT0S',
    // The bench reads all the time: a sync that waited for a quiet minute would measure the waiting.
    PUBLISH_QUIET: 'PT0S',
    LOG_LEVEL: 'warn',
  }
}

export interface Sync {
  readonly status: string
  readonly startedAt: string
  readonly finishedAt?: string
  readonly error?: unknown
  readonly counts?: Readonly<Record<string, { active: number; added: number; changed: number; removed: number }>>
  readonly report?: {
    readonly isPublished: boolean
    readonly publishedAt: string
    readonly generation: number
    readonly durations: Readonly<Record<string, number>>
    readonly sources: Readonly<Record<string, number>>
    readonly crawl?: { readonly isFull: boolean; readonly rows: number; readonly changedRows: number }
  }
}

export interface BridgeClient {
  /** The whole body of a path below the base, read but not parsed. */
  get(path: string): Promise<Buffer>
  /** As `get`, as gzip, not unpacked. */
  getGzip(path: string): Promise<Buffer>
  /** Waits for the sync that runs, or was the last. */
  latestSync(): Promise<Sync>
  /** Runs another sync, after what is left of the last. */
  sync(): Promise<Sync>
  close(): Promise<void>
}

const BASE = '/ims/oneroster/v1p1'

export async function connectBridge(url: string, connections = 1): Promise<BridgeClient> {
  const pool = new Pool(url, { connections, pipelining: 1 })
  const basic = Buffer.from(`${CONSUMER.id}:${CONSUMER.secret}`).toString('base64')
  const granted = await pool.request({
    method: 'POST',
    path: '/oauth/token',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials',
  })
  const { access_token: token } = (await granted.body.json()) as { access_token: string }
  const admin = { authorization: `Bearer ${CONSUMER.admin}` }

  const latestSync = async (): Promise<Sync> => {
    while (true) {
      const answer = await pool.request({ method: 'GET', path: '/admin/syncs/latest', headers: admin })
      const sync = (await answer.body.json()) as Sync
      if (answer.statusCode === 200 && sync.status !== 'inProgress') return requireSuccess(sync)
      await wait(20)
    }
  }
  const read = async (path: string, coding: 'identity' | 'gzip'): Promise<Buffer> => {
    const answer = await pool.request({
      method: 'GET',
      path: BASE + path,
      headers: { authorization: `Bearer ${token}`, 'accept-encoding': coding },
    })
    const body = Buffer.from(await answer.body.arrayBuffer())
    if (answer.statusCode !== 200) throw new Error(`${path} answered ${answer.statusCode}: ${body.subarray(0, 300)}`)
    if ((answer.headers['content-encoding'] ?? 'identity') !== coding) throw new Error(`${path} is not ${coding}`)
    return body
  }
  return {
    get: (path) => read(path, 'identity'),
    getGzip: (path) => read(path, 'gzip'),
    latestSync,
    async sync() {
      while (true) {
        const answer = await pool.request({ method: 'POST', path: '/admin/syncs', headers: admin })
        const { isNew } = (await answer.body.json()) as { isNew: boolean }
        if (isNew) return latestSync()
        // The last one has ended, and still tidies up.
        await wait(20)
      }
    },
    close: () => pool.close(),
  }
}

function requireSuccess(sync: Sync): Sync {
  if (sync.status !== 'success')
    throw new Error(`a sync of the bench ended: ${sync.status} ${JSON.stringify(sync.error)}`)
  return sync
}

/** Stages and what each took, for people: `crawl 1.2, map 0.4`. */
export function tellStages(durations: Readonly<Record<string, number>>): string {
  return Object.entries(durations)
    .map(([stage, ms]) => `${stage.replace(/Ms$/, '')} ${(ms / 1_000).toFixed(1)}`)
    .join(', ')
}

/** Records that a sync added, changed or removed. */
export function changesOf({ counts = {} }: Sync): number {
  return Object.values(counts).reduce((sum, { added, changed, removed }) => sum + added + changed + removed, 0)
}

export function secondsOf({ startedAt, finishedAt }: Sync): number {
  return (Date.parse(finishedAt ?? '') - Date.parse(startedAt)) / 1_000
}
