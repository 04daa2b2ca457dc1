// A crawl in steps: nothing is asked for twice but what a kill has cut short, and the rows are those of a crawl in one go.
import { describe, expect, it } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { deleteRow, renameStudent } from '../../fixtures/powerschool/mutations.ts'
import { markCrawlMapped, type Template } from '../../src/store/crawls.ts'
import { askedTwice, crawlInSteps, openSteps, type StepOptions, stagedContent } from './steps.ts'

const district = createDistrict({ students: 40, seed: 5, today: '2026-11-18', perStudentEnrollments: 3 })
const CONCURRENCY = 4

async function whole(template: Template) {
  const steps = openSteps(district, template)
  await crawlInSteps(steps, () => ({ template, requests: Number.POSITIVE_INFINITY, ending: 'step' }))
  return { asked: steps.asked, content: stagedContent(steps) }
}
const REST = await whole('rest')
const QUERY = await whole('powerquery')
const WHOLE = { rest: REST, powerquery: QUERY }

async function inSteps(
  template: Template,
  options: Omit<StepOptions, 'template'>,
  steps = openSteps(district, template),
) {
  await crawlInSteps(steps, () => ({ template, ...options }))
  expect(stagedContent(steps)).toEqual(WHOLE[template].content)
  return steps
}

describe('a crawl in steps', () => {
  it('is tested with a district of many lists', () => {
    expect(REST.asked.length).toBeGreaterThan(100)
    expect(askedTwice(REST.asked)).toEqual([])
    expect(QUERY.asked.length).toBeGreaterThan(5)
  })

  it.each([1, 2, 3, 5, 11, 50])('of %i requests each asks for nothing twice', async (requests) => {
    const steps = await inSteps('rest', { requests, ending: 'step' })
    expect(steps.steps).toBeGreaterThan(2)
    expect(askedTwice(steps.asked)).toEqual([])
  })

  it.each([1, 2, 5])('by PowerQueries of %i requests each asks for nothing twice', async (requests) => {
    const steps = await inSteps('powerquery', { requests, ending: 'step' })
    expect(askedTwice(steps.asked)).toEqual([])
  })

  it('one request at a time asks for nothing twice', async () => {
    const steps = await inSteps('rest', { requests: 1, ending: 'step', concurrency: 1 })
    expect(askedTwice(steps.asked)).toEqual([])
  })

  it('is not begun anew in the middle of a list, however slow PowerSchool is', async () => {
    const steps = await inSteps('rest', { requests: 9, ending: 'step', latencyMs: 45_000 })
    expect(askedTwice(steps.asked)).toEqual([])
  })

  it.each([
    [3, 1],
    [7, 4],
    [20, 4],
    [50, 4],
  ])(
    'that is killed every %i requests, %i at a time, asks again for what was in flight',
    async (requests, concurrency) => {
      const steps = await inSteps('rest', { requests, ending: 'kill', concurrency })
      expect(askedTwice(steps.asked).length).toBeLessThanOrEqual(concurrency * steps.steps)
    },
  )

  it.each(['rest', 'powerquery'] as const)(
    'of what has changed since by %s asks for nothing twice',
    async (template) => {
      const changing = createDistrict({ students: 40, seed: 5, today: '2026-11-18', perStudentEnrollments: 3 })
      const crawls = await Promise.all(
        [{ requests: 3 }, { requests: Number.POSITIVE_INFINITY }].map(async ({ requests }) => {
          const steps = openSteps(changing, template)
          const step = { template, ending: 'step' } as const
          const first = await crawlInSteps(steps, () => ({ ...step, requests: Number.POSITIVE_INFINITY }))
          markCrawlMapped(steps.sql, first.crawl.id, steps.clock.now)
          return { steps, again: () => crawlInSteps(steps, () => ({ ...step, requests })) }
        }),
      )
      for (const { dcid } of changing.db.prepare('select dcid from cc order by dcid').all().slice(0, 9)) {
        deleteRow(changing, 'cc', Number(dcid))
      }
      for (const { dcid } of changing.db.prepare('select dcid from students order by dcid').all().slice(5, 15)) {
        renameStudent(changing, Number(dcid), 'Orla', 'Otherwise')
      }
      const contents = []
      for (const { steps, again } of crawls) {
        steps.asked.length = 0
        steps.clock.now += 3_600_000
        expect((await again()).changedRows).toBeGreaterThan(10)
        expect(askedTwice(steps.asked)).toEqual([])
        contents.push(stagedContent(steps))
      }
      expect(contents[0]).toEqual(contents[1])
    },
  )

  it('that never finds a list whole is refused, though each step reads it once', async () => {
    const steps = openSteps(district, 'rest')
    steps.powerSchool.faults.add({
      kind: 'short-page',
      path: '/ws/v1/district/student',
      times: Number.POSITIVE_INFINITY,
    })
    const crawled = crawlInSteps(steps, () => ({ template: 'rest', requests: 4, ending: 'step' }), 400)
    await expect(crawled).rejects.toMatchObject({ code: 'powerschool-incomplete' })
    const counts = steps.asked.filter((what) => what.includes('/ws/v1/district/student/count'))
    expect(counts).toHaveLength(4)
  })

  it('that is stopped in the hard way asks again for what was in flight, and no more', async () => {
    const steps = await inSteps('rest', { requests: 9, ending: 'stop' })
    expect(askedTwice(steps.asked).length).toBeLessThanOrEqual(CONCURRENCY * steps.steps)
    expect(askedTwice(steps.asked).length).toBeGreaterThan(0)
  })
})
