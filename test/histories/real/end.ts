// The end of a history of real processes: the copies of all readers beside the district's own tables.
import { COLLECTIONS as EXPECTED, expectedRoster } from '../../../fixtures/expected.ts'
import { COLLECTIONS, type Json, sortedContentOf } from '../content.ts'
import type { RealStage } from './run-real.ts'

export async function compareInTheEnd(
  stage: RealStage,
  syncWell: (stage: RealStage) => Promise<boolean>,
): Promise<void> {
  const { twin, readers, scene } = stage
  const { verdict, tally } = scene
  // The first one may go on from a crawl that began before.
  if (!(await syncWell(stage)) || !(await syncWell(stage))) return
  for (const reader of readers) await reader.run()
  const [first] = readers
  const expected = expectedRoster(twin.district)
  for (const collection of EXPECTED) {
    const wanted = new Map([...expected[collection]].map(([id, entity]) => [id, sortedContentOf(entity)]))
    for (const { name, copies } of readers) {
      const copy = copies.get(collection) ?? new Map<string, string>()
      const faults: string[] = []
      for (const [id, content] of wanted) {
        const text = copy.get(id)
        // A date of 24 letters and a blank stand before what it says.
        const found = text === undefined ? undefined : sortedContentOf(JSON.parse(text.slice(25)) as Json)
        if (found !== content) faults.push(`${id} should be ${content}, is ${found}`)
      }
      for (const id of copy.keys()) if (!wanted.has(id)) faults.push(`${id} should be gone`)
      tally.add('real: copies compared in the end')
      if (faults.length > 0) verdict.report('not-converged', `${name}: ${collection}: ${faults.slice(0, 3).join('; ')}`)
    }
  }
  for (const { name, copies } of readers) {
    for (const collection of COLLECTIONS) {
      const own = copies.get(collection)
      const other = first?.copies.get(collection)
      const unlike = [...(own ?? [])].find(([id, text]) => other?.get(id) !== text)
      if (unlike)
        verdict.report('not-converged', `${name}: ${collection}/${unlike[0]} has another date than for others`)
    }
  }
}
