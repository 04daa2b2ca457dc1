// A bridge whose syncs are done in steps, as on a platform that ends its processes at any moment.

import type { District } from '../../fixtures/powerschool/district.ts'
import { createPowerSchool, type PowerSchool } from '../../fixtures/powerschool/simulator.ts'
import { type Bridge, createBridge } from '../../src/bridge.ts'
import { readConfig } from '../../src/config.ts'
import { loadMapping } from '../../src/load-mapping.ts'
import { silentLog } from '../../src/log.ts'
import type { Mapping } from '../../src/mapping/run/compile.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { prepareConsumer, prepareStore } from '../../src/prepare.ts'
import { type Agenda, createAgenda } from '../../src/worker/agenda.ts'
import { createSteps } from '../../src/worker/steps.ts'
import { BASE, CONSUMER, PUBLIC_URL } from '../support/known.ts'
import { pluginOf } from '../support/plugin.ts'
import type { TestStore } from '../support/runtime.ts'
import { type Clock, testRuntime } from '../support/test-runtime.ts'
import { tokenOf } from '../support/token.ts'

export interface SteppingOptions {
  readonly district: District
  readonly sql: TestStore
  /** Of a step. */
  readonly requests: number
  /** How long a step may compute, by the clock; 0: it ends wherever it can. */
  readonly computeMs?: number
  /** How far the clock moves at each pause of the bridge's work. */
  readonly pauseMs?: number
  /** In place of the default mapping. */
  readonly mapping?: Mapping
  readonly hasPlugin?: boolean
  /** How long PowerSchool takes to answer, by the clock. */
  readonly requestMs?: number
  readonly settings?: Readonly<Record<string, string>>
}

export interface Stepping {
  readonly powerSchool: PowerSchool
  readonly clock: Clock
  /** The object as it lives now. */
  bridge(): Bridge
  /** A GET below the v1.1 base. */
  get(path: string): Promise<Response>
  /** When the alarm goes off next (ms since 1970). */
  alarmMs(): number | undefined
  /** Lets the alarm go off; answers whether one was set. */
  alarm(): Promise<boolean>
  /** The same, and the object is ended at that pause of its work, and made anew; answers whether it came so far. */
  tornAlarm(atPause: number): Promise<boolean>
  /** Alarms until nothing is due any more; answers how many. */
  settle(): Promise<number>
  /** Ends the object, whatever it does, and makes it anew over what it has stored; `mapping` is the new one's. */
  evict(mapping?: Mapping): Promise<void>
}

/** Of waiting, in which the clock moves and no real time passes. */
const STEP_MS = 20_000

let defaultMapping: Mapping | undefined

export async function openStepping({
  district,
  sql,
  requests,
  computeMs = 1_000,
  pauseMs = 0,
  mapping: given,
  hasPlugin = false,
  requestMs = 0,
  settings,
}: SteppingOptions): Promise<Stepping> {
  const powerSchool = createPowerSchool({ district })
  const clock = { now: Date.parse(`${district.today}T18:00:00Z`) }
  const read = readConfig(
    {
      POWERSCHOOL_URL: 'https://powerschool.example.org',
      POWERSCHOOL_CLIENT_ID: powerSchool.credentials.clientId,
      POWERSCHOOL_CLIENT_SECRET: powerSchool.credentials.clientSecret,
      ONEROSTER_CLIENT_ID: CONSUMER.id,
      ONEROSTER_CLIENT_SECRET: CONSUMER.secret,
      TOKEN_LIFETIME: 'P30D',
      POWERSCHOOL_TEMPLATE: hasPlugin ? 'powerquery' : 'rest',
      ...settings,
    },
    { needsPowerSchool: true },
  )
  if (!read.ok) throw new Error(JSON.stringify(read.faults))
  const { config } = read
  defaultMapping ??= loadMapping(readMappingFiles())
  const mapping = given ?? defaultMapping
  /** How many pauses the object may still make, and who is told that it has made them. */
  let pausesLeft = Number.POSITIVE_INFINITY
  let onTorn = () => {}
  if (hasPlugin) powerSchool.plugins.install(pluginOf(mapping, config.plugin))
  let alarmMs: number | undefined
  const storage = {
    setAlarm: async (ms: number) => {
      alarmMs = ms
    },
  }
  let ids = 0

  async function live(mappedBy: Mapping): Promise<{ bridge: Bridge; agenda: Agenda; die: () => void }> {
    let isDead = false
    const agenda = createAgenda(storage, { now: () => clock.now, log: silentLog })
    let slept = 0
    let endStep = () => {}
    const { steps, fetch } = createSteps(
      agenda,
      async (url, init) => {
        clock.now += requestMs
        const answer = await powerSchool.fetch(url, init)
        // What a process that has ended had asked for never reaches it.
        return isDead ? new Promise<never>(() => {}) : answer
      },
      { wallMs: 1_000_000, requests, computeMs },
    )
    const runtime = testRuntime({
      sql,
      fetch,
      clock,
      sleep: async (ms: number) => {
        clock.now += ms
        slept += ms
        if (slept >= STEP_MS) endStep()
      },
      // One that has ended stands still for ever at its next turn.
      pause: () => {
        clock.now += pauseMs
        pausesLeft -= 1
        if (pausesLeft < 0) {
          isDead = true
          onTorn()
        }
        return isDead ? new Promise<never>(() => {}) : Promise.resolve()
      },
      newId: () => `id-${++ids}`,
      lockOwner: { name: `object-${++ids}`, mayBeAlive: () => false },
      steps: {
        wakeAt: steps.wakeAt,
        open() {
          const step = steps.open()
          slept = 0
          endStep = step.end
          return step
        },
      },
    })
    prepareStore(runtime)
    await prepareConsumer(config, runtime)
    const bridge = createBridge({
      config,
      runtime,
      mapping: mappedBy,
      publicUrl: PUBLIC_URL,
    })
    bridge.schedule.start()
    return { bridge, agenda, die: () => (isDead = true) }
  }

  let living = await live(mapping)
  let token: string | undefined
  const stepping: Stepping = {
    powerSchool,
    clock,
    bridge: () => living.bridge,
    async get(path) {
      token ??= await tokenOf(living.bridge)
      return living.bridge.app.request(`${BASE}${path}`, { headers: { authorization: `Bearer ${token}` } })
    },
    alarmMs: () => alarmMs,
    async alarm() {
      if (alarmMs === undefined) return false
      clock.now = Math.max(clock.now, alarmMs)
      alarmMs = undefined
      await living.agenda.run()
      return true
    },
    async tornAlarm(atPause) {
      pausesLeft = atPause
      const torn = new Promise<true>((resolve) => {
        onTorn = () => resolve(true)
      })
      const isTorn = await Promise.race([torn, stepping.alarm().then(() => false)])
      pausesLeft = Number.POSITIVE_INFINITY
      if (isTorn) await stepping.evict()
      return isTorn
    },
    async settle() {
      let alarms = 0
      while (alarmMs !== undefined && alarmMs <= clock.now) {
        await stepping.alarm()
        alarms += 1
        if (alarms > 5_000) throw new Error('it never settles')
      }
      return alarms
    },
    async evict(next = mapping) {
      living.die()
      living = await live(next)
    },
  }
  return stepping
}
