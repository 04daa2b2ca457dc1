// The end of a history: the district stands still, one last sync succeeds, and everybody's copy must be the truth.
import { COLLECTIONS as EXPECTED, expectedRoster } from '../../fixtures/expected.ts'
import { findSync, listSyncs, type SyncRecord } from '../../src/store/syncs.ts'
import { todayIn } from '../../src/sync/today.ts'
import { endStorm, releaseHeld } from './chaos.ts'
import { COLLECTIONS, sortedContentOf } from './content.ts'
import { liveOn } from './mutations.ts'
import { recordsOf, seenBy } from './readers/list.ts'
import { type Actor, faultsOf } from './readers/reader.ts'
import type { World } from './world.ts'

const ATTEMPTS = 12

export async function comeToAnEnd(world: World, actors: readonly Actor[]): Promise<void> {
  endStorm(world)
  world.isSafe = true
  for (const process of world.processes) process.sql.spare()
  world.note('the district stands still')
  // The first one may go on from a crawl that began before.
  if (!(await syncWell(world)) || !(await syncWell(world))) return
  const { records, faults } = compareWithDistrict(world)
  world.tally.add('records laid beside the district', records)
  for (const fault of faults.slice(0, 5)) world.verdict.report('not-converged', fault)
  await Promise.all(actors.map((actor) => actor.runOnce()))
  for (const actor of actors) compareCopies(world, actor)
  await checkTidiness(world)
}

/** A sync of the standing district, published or found to change nothing, within one day of its calendar. */
async function syncWell(world: World): Promise<boolean> {
  const { scheduler, district } = world
  const today = () => todayIn(district.timeZone, scheduler.now())
  let last: SyncRecord | undefined
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    while (world.server() === undefined) await scheduler.sleep(world, 1_000)
    const server = world.server()
    if (server === undefined) continue
    await server.bridge.schedule.syncEnded()
    const before = today()
    const { id } = server.bridge.schedule.request()
    await server.bridge.schedule.syncEnded()
    last = findSync(server.file, id)
    if (last?.status === 'validationError') {
      await releaseHeld(world)
      last = findSync(server.file, id)
    }
    await server.bridge.schedule.settled()
    if (last?.status === 'success' && today() === before) return true
    await scheduler.sleep(world, 600_000)
  }
  world.verdict.report('never-synced', `the last sync ended as ${last?.status}: ${JSON.stringify(last?.error)}`)
  return false
}

/** What is published beside an independent reading of PowerSchool's tables. */
function compareWithDistrict({ truth, district, scheduler, plan }: World): {
  records: number
  faults: readonly string[]
} {
  const roster = truth.newest()?.whole
  if (roster === undefined) return { records: 0, faults: ['nothing is published'] }
  const today = todayIn(district.timeZone, scheduler.now())
  const expected = expectedRoster({ ...district, today }, { template: plan.template })
  const faults: string[] = []
  let records = 0
  for (const collection of EXPECTED) {
    const published = new Map([...roster[collection]].filter(([, { isActive }]) => isActive))
    for (const [id, entity] of expected[collection]) {
      records += 1
      const record = published.get(id)
      const [wanted, found] = [sortedContentOf(entity), record && sortedContentOf(record.json)]
      if (wanted !== found) faults.push(`${collection}/${id} should be ${wanted}, is ${found}`)
    }
    for (const id of published.keys())
      if (!expected[collection].has(id)) faults.push(`${collection}/${id} should be gone`)
  }
  return { records, faults }
}

function compareCopies({ truth, verdict, tally }: World, { name, reader, copies }: Actor): void {
  const newest = truth.newest()
  const roster = newest && seenBy(newest, reader.school)
  if (roster === undefined) return
  for (const copy of copies()) {
    tally.add('copies compared in the end')
    const faults = faultsOf(copy, recordsOf(copy.list, {}, roster))
    if (faults.length > 0) {
      verdict.report(
        'not-converged',
        `${name}: ${copy.list.path} ${copy.list.role ?? ''}: ${faults.slice(0, 4).join('; ')}`,
      )
    }
  }
}

/** Nobody reads any more and every pin has ended: only what the current generation shows may be left. */
async function checkTidiness(world: World): Promise<void> {
  const { scheduler, plan, verdict, district, random } = world
  const behindMs = scheduler.latest() - scheduler.now()
  scheduler.jump(plan.pinLifetimeMs * 2 + behindMs + 600_000)
  for (let events = 0; events < 3; events += 1) liveOn(district, random)
  if (!(await syncWell(world))) return
  const sql = world.server()?.file
  const current = world.truth.newest()?.number ?? 0
  if (sql === undefined) return
  const tables = sql.all<{ name: string }>(
    `select name from sqlite_master where type = 'table' and name like 'records\\_%' escape '\\'`,
  )
  const count = (statement: string) => sql.all<{ n: number }>(statement)[0]?.n ?? 0
  for (const { name } of tables) {
    if (!COLLECTIONS.some((collection) => name.startsWith(`records_${collection}`))) continue
    const links = name.replace('records_', 'links_')
    const changed = name.replace('records_', 'changed_')
    const left = {
      versions: count(`select count(*) as n from "${name}" where not (born <= ${current} and died > ${current})`),
      twins: count(`select count(*) - count(distinct sourcedId) as n from "${name}"`),
      links: count(`select count(*) as n from "${links}" where seq not in (select seq from "${name}")`),
      changes: count(`select count(*) as n from "${changed}"`),
    }
    for (const [what, n] of Object.entries(left)) {
      if (n > 0) verdict.report('left-behind', `${name}: ${n} ${what} at generation ${current}`)
    }
  }
  const ended = scheduler.now() - 2 * plan.pinLifetimeMs
  const pins = count(`select count(*) as n from pins where used_ms < ${ended}`)
  if (pins > 0) verdict.report('left-behind', `${pins} pins that ended long ago`)
  const pending = count('select count(*) as n from pending')
  if (pending > 0) verdict.report('left-behind', 'a pending generation after a sync that succeeded')
  const running = listSyncs(sql).filter(({ status }) => status === 'inProgress')
  if (running.length > 0) verdict.report('left-behind', `${running.length} syncs are told to be running`)
  world.tally.most('largest file in KB', Math.round(sql.bytes() / 1024))
}
