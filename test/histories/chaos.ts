// What befalls the bridge and its clock: kills, restarts, syncs on demand and beside the server, storms of faults.
import { FAULT_KINDS } from '../../fixtures/powerschool/faults.ts'
import { QUERY_FAULT_KINDS } from '../../fixtures/powerschool/query-faults.ts'
import { listSyncs } from '../../src/store/syncs.ts'
import { runSync } from '../../src/sync/sync.ts'
import { runUpkeep } from '../../src/sync/upkeep.ts'
import type { Death } from './mortal-sql.ts'
import { emptySchools } from './mutations.ts'
import { ADMIN_TOKEN, type BridgeProcess } from './process.ts'
import type { World } from './world.ts'

/** Instants that are short and matter: a death at any write would seldom meet them. */
const HOURS: readonly RegExp[] = [
  /generations/,
  /publishing/,
  /\bpins\b/,
  /pending/,
  /changed_/,
  /delete from "?records_/,
  /update "?records_/,
  /staged_|crawl/,
  /rosters/,
  /pieces/,
  /served/,
  /^commit$/,
]

/** Acts until the history is over. */
export async function wreakHavoc(world: World): Promise<void> {
  const { random, scheduler } = world
  while (!world.isOver) {
    await scheduler.sleep(world, random.int(0, random.pick([2_000, 60_000, 400_000])))
    if (world.isOver) return
    const action = random.pick(LOTS)
    world.tally.add(`havoc: ${action}`)
    await ACTIONS[action]?.[1](world)
  }
}

/** Something happens in the district now and then, besides what happens between two requests of a crawl. */
export async function liveAllTheTime(world: World): Promise<void> {
  while (!world.isOver) {
    await world.scheduler.sleep(world, world.random.int(1_000, 600_000))
    for (let times = world.random.int(1, 5); times > 0; times -= 1) world.live(1)
  }
}

const ACTIONS: Readonly<Record<string, readonly [weight: number, (world: World) => Promise<void> | void]>> = {
  'sync on demand': [10, requestSync],
  kill: [8, armKill],
  'stop and start': [2, stopAndStart],
  'sync beside the server': [4, syncBeside],
  'storm of faults': [4, beginStorm],
  'end of the storm': [4, (world) => endStorm(world)],
  'clock steps back': [3, stepBack],
  'time jumps': [1, jump],
  'schools emptied': [1, emptyAll],
  'held sync released': [3, releaseHeld],
}
const LOTS: readonly string[] = Object.entries(ACTIONS).flatMap(([name, [weight]]) => Array(weight).fill(name))

async function requestSync(world: World): Promise<void> {
  await world.server()?.ask('/admin/syncs', { method: 'POST', headers: ADMIN })
}

const ADMIN = { authorization: `Bearer ${ADMIN_TOKEN}` }

function armKill(world: World): void {
  if (world.processes.size === 0 || world.isSafe) return
  world.random.pick([...world.processes]).sql.dieAt(chooseDeath(world))
}

function chooseDeath({ random }: World): Death {
  const isAfter = random.chance(0.5)
  if (random.chance(0.5)) return { writes: random.int(1, random.pick([3, 40, 400])), isAfter }
  return { writes: random.int(1, 4), like: random.pick(HOURS), isAfter }
}

async function stopAndStart(world: World): Promise<void> {
  const server = world.server()
  if (server === undefined) return
  world.retire(server)
  world.note(`${server.name} is told to stop`)
  await server.stop()
  await world.scheduler.sleep(world, world.random.int(0, 20_000))
  world.startServer()
}

/** `bridge sync` in a process of its own. */
async function syncBeside(world: World): Promise<void> {
  const process = world.startCommand()
  if (process === undefined) return
  world.note(`${process.name} syncs beside the server`)
  if (!world.isSafe && world.random.chance(0.2)) process.sql.dieAt(chooseDeath(world))
  void Promise.race([commandSync(world, process), process.died]).catch(() => {})
}

async function commandSync(world: World, process: BridgeProcess): Promise<void> {
  const { signal } = new AbortController()
  const record = await runSync(process.bridge.sync, `beside-${world.number()}`, signal)
  if (record.status !== 'error') await runUpkeep(process.bridge.sync, record.id, signal)
  await process.stop()
}

const ALL_FAULTS = [...FAULT_KINDS, ...QUERY_FAULT_KINDS]

function beginStorm({ powerSchool, random, plan }: World): void {
  for (let kinds = random.int(1, 3); kinds > 0; kinds -= 1) {
    const kind = random.pick(plan.template === 'rest' ? FAULT_KINDS : ALL_FAULTS)
    powerSchool.faults.add({
      kind,
      probability: random.pick([0.01, 0.03, 0.1, 0.5]),
      path: /^\/ws\/(v1\/[ds]|schema\/)/,
    })
  }
}

/** Counts what has struck, for a storm that is over tells no more. */
export function endStorm({ powerSchool, tally }: World): void {
  for (const kind of ALL_FAULTS) {
    const times = powerSchool.faults.struck(kind)
    if (times > 0) tally.add(`faults: ${kind}`, times)
  }
  powerSchool.faults.clear()
}

function stepBack(world: World): void {
  const ms = world.random.pick([1, 1_000, 60_000, 3_600_000])
  if (!world.scheduler.stepBack(ms)) return
  world.tally.add('clock steps back')
  world.note(`the clock steps back by ${ms} ms`)
}

function jump(world: World): void {
  const ms = world.random.pick([1_000, 120_000, 1_800_000])
  world.note(`${ms} ms pass in which nobody does anything`)
  world.scheduler.jump(ms)
}

function emptyAll(world: World): void {
  const { scheduler, random } = world
  const undo = emptySchools(world.district, random)
  world.note('most students are gone')
  scheduler.after(world, random.int(60_000, 3_600_000), () => {
    // Later than that the district stands still.
    if (world.isOver) return
    world.note('the students are back')
    undo()
  })
}

/** "Ignore and go on", by the admin API. */
export async function releaseHeld(world: World): Promise<void> {
  const server = world.server()
  if (server === undefined) return
  const held = listSyncs(server.file, 5).find(({ status }) => status === 'validationError')
  if (held === undefined) return
  world.isReleasing = true
  const answer = await server.ask(`/admin/syncs/${held.id}/resume`, { method: 'POST', headers: ADMIN })
  world.isReleasing = false
  world.note(`${held.id} is released: ${answer?.status}`)
  if (answer?.status === 200) world.tally.add('held syncs released')
}
