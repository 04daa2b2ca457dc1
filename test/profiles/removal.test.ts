// The removal of a profile that fails on the way.
import { expect, it } from 'vitest'
import { bodyOf, openTown, school } from './town.ts'

it('is tried again after a minute, and all is gone then', async () => {
  const lake = school(1)
  const town = await openTown({ servers: { 'lake.example.org': lake } })
  const id = await town.add(bodyOf('lake.example.org', lake))
  const sql = town.stores.get(id)
  if (sql === undefined) throw new Error('no store')
  const { close } = sql
  Object.assign(sql, {
    close() {
      Object.assign(sql, { close })
      throw new Error('the disk does not answer')
    },
  })
  expect((await town.admin('DELETE', `/profiles/${id}`)).status).toBe(202)
  await town.settled()
  expect(town.stores.has(id)).toBe(true)
  await town.pass(60_000)
  expect(town.stores.has(id)).toBe(false)
  expect((await town.admin('GET', `/profiles/${id}`)).status).toBe(404)
})
