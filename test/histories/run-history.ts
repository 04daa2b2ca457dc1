// Runs one history from its seed to its verdict; the same seed runs the same way.

import { liveAllTheTime, wreakHavoc } from './chaos.ts'
import { comeToAnEnd } from './finale.ts'
import { choosePlan, type PlanOptions } from './plan.ts'
import { countCryptography } from './quiet.ts'
import { type Actor, createReader } from './readers/reader.ts'
import type { Tally } from './tally.ts'
import type { Violation } from './violations.ts'
import { createWorld, type Plant, type World } from './world.ts'

export interface HistoryOptions extends PlanOptions {
  readonly tally: Tally
  /** A mistake that the checks are to find. */
  readonly plant?: Plant
}

export interface HistoryResult {
  readonly seed: number
  readonly violations: readonly Violation[]
  /** The last steps before the first violation, or before the end. */
  readonly trace: readonly string[]
  readonly steps: number
}

export async function runHistory({ tally, plant, ...options }: HistoryOptions): Promise<HistoryResult> {
  countCryptography()
  const plan = choosePlan(options)
  const world = createWorld({ plan, tally, ...(plant === undefined ? {} : { plant }) })
  try {
    await world.scheduler.runUntil(live(world))
  } catch (error) {
    world.verdict.report('bridge-crashed', `the history broke off: ${error instanceof Error ? error.stack : error}`)
  } finally {
    world.close()
  }
  const { violations, trace } = world.verdict
  tally.add('histories')
  tally.add('steps of the scheduler', world.scheduler.steps())
  tally.most('longest history in hours', Math.round(world.scheduler.elapsed() / 3_600_000))
  return { seed: options.seed, violations, trace: trace(), steps: world.scheduler.steps() }
}

async function live(world: World): Promise<void> {
  const { plan, scheduler, truth } = world
  world.startServer()
  while (world.server() === undefined) await scheduler.sleep(world, 1_000)
  const actors: Actor[] = []
  for (const reader of plan.readers) actors.push(await createReader(world, reader, actors.length + 1))
  const isFull = () => truth.count() >= plan.publishes || scheduler.elapsed() >= plan.lastsMs
  const watch = async () => {
    while (!isFull() && world.verdict.violations.length === 0) await scheduler.sleep(world, 5_000)
    world.isOver = true
  }
  // One that ends early has found something: what follows from it tells nothing new.
  await Promise.all([watch(), wreakHavoc(world), liveAllTheTime(world), ...actors.map((actor) => actor.live())])
  if (world.verdict.violations.length === 0) await comeToAnEnd(world, actors)
}
