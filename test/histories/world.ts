// One simulated world: a district behind PowerSchool, a clock, a database file, and the processes that come and go on it.
import type { District } from '../../fixtures/powerschool/district.ts'
import type { Random } from '../../fixtures/powerschool/random.ts'
import { createPowerSchool, type PowerSchool } from '../../fixtures/powerschool/simulator.ts'
import type { Sql } from '../../src/store/sql.ts'
import { defaultPlugin } from '../support/plugin.ts'
import { createTestFile, type TestFile } from '../support/runtime.ts'
import { createSmallDistrict, TODAY } from './district.ts'
import { Killed } from './mortal-sql.ts'
import { liveOn } from './mutations.ts'
import type { Plan } from './plan.ts'
import { type BridgeProcess, openProcess } from './process.ts'
import { checkPublish } from './publish-checks.ts'
import { createScheduler, type Owner, type Scheduler } from './scheduler.ts'
import type { Tally } from './tally.ts'
import { createTruth, type Generation, type Truth } from './truth.ts'
import { createVerdict, type Verdict } from './violations.ts'

/** A publish as whoever stands outside can tell of it. */
export interface Publish {
  readonly generation: number
  /** By the clock that never steps back. */
  readonly atMs: number
  /** Its sync was certainly not waiting for quiet before this. */
  readonly notBeforeMs: number
  /** Whether a person released it. */
  readonly isReleased: boolean
}

/** A mistake that is planted below a process: a database that does not do what it is told. */
export type Plant = (sql: Sql, world: World) => Sql

export interface World extends Owner {
  readonly plan: Plan
  readonly random: Random
  readonly scheduler: Scheduler
  readonly district: District
  readonly powerSchool: PowerSchool
  readonly truth: Truth
  readonly verdict: Verdict
  readonly tally: Tally
  readonly publishes: readonly Publish[]
  /** What outlives its processes. */
  readonly file: TestFile
  readonly plant: Plant
  /** Every process that lives. */
  readonly processes: Set<BridgeProcess>
  /** The one that answers consumers; none between death and restart. */
  readonly server: () => BridgeProcess | undefined
  startServer(): void
  /** It takes no more requests. */
  retire(process: BridgeProcess): void
  /** A process that is no server. */
  startCommand(): BridgeProcess | undefined
  /** No reader or other actor begins anything new. */
  isOver: boolean
  /** While a person releases a held sync. */
  isReleasing: boolean
  /** Nobody is killed any more. */
  isSafe: boolean
  /** A number that no other call of this world gets. */
  number(): number
  note(step: string): void
  /** Something happens in the district, perhaps. */
  live(probability: number): void
  observe(process: BridgeProcess): void
  /** Closes the files of the dead, and the processes that are left when `all` says so. */
  bury(all?: boolean): void
  close(): void
}

/** How often a process is killed while it prepares its tables, or soon after. */
const DIES_AT_ONCE = 0.05
const MOST_STEPS = 400_000
const START_MS = Date.parse(`${TODAY}T18:00:00Z`)

export interface WorldOptions {
  readonly plan: Plan
  readonly tally: Tally
  readonly plant?: Plant
}

export function createWorld({ plan, tally, plant = (sql) => sql }: WorldOptions): World {
  const { random } = plan
  const district = createSmallDistrict(plan)
  const verdict = createVerdict()
  const truth = createTruth()
  const publishes: Publish[] = []
  const processes = new Set<BridgeProcess>()
  const dead = new Set<BridgeProcess>()
  let server: BridgeProcess | undefined
  let numbers = 0
  const scheduler = createScheduler({
    random,
    startMs: START_MS,
    mostSteps: MOST_STEPS,
    between: () => world.bury(),
  })
  const powerSchool = createPowerSchool({
    district,
    now: scheduler.now,
    sleep: (ms) => scheduler.sleep(world, ms),
    seed: plan.seed,
    pageSize: plan.pageSize,
  })
  if (plan.template === 'powerquery') powerSchool.plugins.install(defaultPlugin())

  const open = (kind: 'server' | 'command'): BridgeProcess | undefined => {
    let opened: BridgeProcess | undefined
    const onDeath = () => {
      if (opened === undefined) return
      processes.delete(opened)
      dead.add(opened)
      if (server !== opened) return
      server = undefined
      world.note('the server is dead')
      scheduler.after(world, random.int(0, 120_000), () => world.startServer())
    }
    const death =
      !world.isSafe && random.chance(DIES_AT_ONCE) ? { writes: random.int(1, 60), isAfter: false } : undefined
    try {
      opened = openProcess(world, { kind, onDeath, ...(death === undefined ? {} : { death }) })
    } catch (error) {
      if (!(error instanceof Killed)) throw error
      tally.add('kills while the tables are prepared')
      return undefined
    }
    processes.add(opened)
    return opened
  }

  const world: World = {
    name: 'world',
    hasEnded: false,
    plan,
    random,
    scheduler,
    district,
    powerSchool,
    truth,
    verdict,
    tally,
    publishes,
    file: createTestFile(),
    plant,
    processes,
    server: () => server,
    isOver: false,
    isReleasing: false,
    isSafe: false,
    startServer() {
      if (server !== undefined) return
      server = open('server')
      if (server === undefined) return void scheduler.after(world, 1_000, () => world.startServer())
      tally.add('servers started')
      server.bridge.schedule.start()
    },
    retire(process) {
      if (server === process) server = undefined
    },
    startCommand: () => open('command'),
    number: () => ++numbers,
    note(step) {
      verdict.note(`${new Date(scheduler.now()).toISOString()} #${scheduler.steps()} ${step}`)
    },
    live(probability) {
      if (world.isOver || !random.chance(probability)) return
      tally.add('events in the district')
      world.note(`district: ${liveOn(district, random)}`)
    },
    observe(process) {
      const before = truth.newest()
      for (const generation of truth.look(process.file)) judge(before, generation, process)
    },
    bury(all = false) {
      if (all) for (const process of processes) dead.add(process)
      for (const process of dead) process.sql.close()
      dead.clear()
    },
    close() {
      world.hasEnded = true
      world.bury(true)
      world.file.remove()
    },
  }

  const judge = (before: Generation | undefined, generation: Generation, process: BridgeProcess) => {
    tally.add('publishes')
    world.note(`${process.name} published ${generation.number} as of ${generation.time}`)
    publishes.push({
      generation: generation.number,
      atMs: scheduler.elapsed(),
      notBeforeMs: process.busyMs(),
      isReleased: world.isReleasing,
    })
    checkPublish(verdict, before, generation, {
      tombstoneLifetimeMs: plan.tombstoneLifetimeMs,
      guardShare: plan.guardShare,
      guardMinimum: plan.guardMinimum,
      isReleased: world.isReleasing,
      latestMs: scheduler.latest(),
    })
  }
  return world
}
