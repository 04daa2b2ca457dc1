// A whole bridge in one process: a simulated PowerSchool behind `fetch`, a store in memory, and a clock that tests turn.
import type { District } from '../../fixtures/powerschool/district.ts'
import { createPowerSchool, type PowerSchool, type SimulatorOptions } from '../../fixtures/powerschool/simulator.ts'
import { type Bridge, createBridge } from '../../src/bridge.ts'
import { readConfig } from '../../src/config.ts'
import { loadMapping } from '../../src/load-mapping.ts'
import type { Mapping } from '../../src/mapping/run/compile.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { prepareConsumer, prepareStore } from '../../src/prepare.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { SyncRecord } from '../../src/store/syncs.ts'
import type { SyncReport } from '../../src/sync/report.ts'
import { runSync } from '../../src/sync/sync.ts'
import { runUpkeep } from '../../src/sync/upkeep.ts'
import { onTestEnd } from './ending.ts'
import { ADMIN_TOKEN, BASE, CONSUMER, PUBLIC_URL } from './known.ts'
import { pluginOf } from './plugin.ts'
import { openTestStore, type TestStore } from './runtime.ts'
import { type Clock, testRuntime } from './test-runtime.ts'
import { tokenOf } from './token.ts'

export interface TestBridge extends Bridge {
  readonly powerSchool: PowerSchool
  readonly district: District
  readonly sql: TestStore
  readonly clock: Clock
  /** Every log line so far, as text. */
  readonly logged: readonly string[]
  /** Runs one sync, and what follows it, to the end. */
  syncNow(): Promise<SyncRecord & { report: SyncReport }>
  /** A GET below the v1.1 base, or of a whole path that begins with `/ims` or `/admin`, with a token of all scopes. */
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>
  token(scope?: string): Promise<string>
}

export interface TestBridgeOptions {
  readonly district: District
  readonly settings?: Readonly<Record<string, string>>
  readonly simulator?: Omit<SimulatorOptions, 'district'>
  /** Installs the plugin that this mapping asks for; PowerSchool is read by its queries then, unless the settings say otherwise. */
  readonly hasPlugin?: boolean
  /** The store; another bridge's, to start again on what it left. */
  readonly sql?: TestStore
  readonly mapping?: Mapping
  /** Who this process is to others on the same store. */
  readonly lockOwner?: Runtime['lockOwner']
  readonly signingKey?: Uint8Array
}

let defaultMapping: Mapping | undefined

/** Nothing has been synced yet. The clock stands at 18:00 UTC of the district's day. */
export async function openTestBridge({
  district,
  settings,
  simulator,
  hasPlugin = false,
  sql,
  mapping,
  ...own
}: TestBridgeOptions): Promise<TestBridge> {
  const powerSchool = createPowerSchool({ district, ...simulator })
  const store = sql ?? openTestStore()
  if (sql === undefined) onTestEnd(() => store.close())
  const read = readConfig(
    {
      POWERSCHOOL_URL: 'https://powerschool.example.org',
      POWERSCHOOL_CLIENT_ID: powerSchool.credentials.clientId,
      POWERSCHOOL_CLIENT_SECRET: powerSchool.credentials.clientSecret,
      ONEROSTER_CLIENT_ID: CONSUMER.id,
      ONEROSTER_CLIENT_SECRET: CONSUMER.secret,
      ADMIN_TOKEN,
      POWERSCHOOL_TEMPLATE: hasPlugin ? 'powerquery' : 'rest',
      ...settings,
    },
    { needsPowerSchool: true },
  )
  if (!read.ok) throw new Error(JSON.stringify(read.faults))
  const clock = { now: Date.parse(`${district.today}T18:00:00Z`) }
  const logged: string[] = []
  const runtime = testRuntime({
    sql: store,
    fetch: powerSchool.fetch,
    clock,
    logged,
    // As on Workers, so that long answers are streamed in both runtimes.
    streamedFromBytes: 512 << 10,
    ...own,
  })
  defaultMapping ??= loadMapping(readMappingFiles())
  if (hasPlugin) powerSchool.plugins.install(pluginOf(mapping ?? defaultMapping, read.config.plugin))
  prepareStore(runtime)
  await prepareConsumer(read.config, runtime)
  const bridge = createBridge({
    config: read.config,
    runtime,
    mapping: mapping ?? defaultMapping,
    publicUrl: read.config.publicUrl ?? PUBLIC_URL,
  })

  let allScopes: string | undefined
  return {
    ...bridge,
    powerSchool,
    district,
    sql: store,
    clock,
    logged,
    token: (scope) => tokenOf(bridge, CONSUMER, scope),
    async syncNow() {
      const { signal } = new AbortController()
      const record = await runSync(bridge.sync, runtime.newId(), signal)
      if (record.status !== 'error') await runUpkeep(bridge.sync, record.id, signal)
      // A sync that failed has no report; tests of failures read `error`.
      return { ...record, report: record.report as SyncReport }
    },
    async get(path, headers = {}) {
      allScopes ??= await tokenOf(bridge)
      const whole = /^\/+(?:ims|admin|healthz|readyz)/i.test(path) ? path : `${BASE}${path}`
      return bridge.app.request(whole, { headers: { authorization: `Bearer ${allScopes}`, ...headers } })
    },
  }
}
