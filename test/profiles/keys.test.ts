// The keys of profiles: each its own, and those of the environment's as they always were; and whose a consumer's id is.
import { hkdfSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createProfileId, isProfileId, profileOf } from '../../src/profiles/ids.ts'
import { profileKeys } from '../../src/profiles/keys.ts'

const MASTER = new Uint8Array(32).fill(7)

describe('the keys of profiles', () => {
  it('are for the environment what they were before there were others, so that no token and no secret ends', async () => {
    const { sealingKey, signingKey } = await profileKeys(MASTER, 'default')
    expect(sealingKey).toEqual(MASTER)
    expect(signingKey).toEqual(new Uint8Array(hkdfSync('sha256', MASTER, '', 'oneroster-bridge access tokens', 32)))
  })

  it('differ from profile to profile, and last', async () => {
    const ids = ['default', createProfileId(), createProfileId()]
    const keys = (await Promise.all(ids.map((id) => profileKeys(MASTER, id)))).flatMap((own) => Object.values(own))
    expect(new Set(keys.map(String)).size).toBe(6)
    for (const key of keys) expect(key).toHaveLength(32)
    expect(await profileKeys(MASTER, ids[1] ?? '')).toEqual({ sealingKey: keys[2], signingKey: keys[3] })
  })
})

describe('ids', () => {
  it('lead from a consumer to its profile, and everything else to that of the environment', () => {
    const id = createProfileId()
    expect(isProfileId(id)).toBe(true)
    expect(profileOf(`${id}.or-AbC`)).toBe(id)
    for (const other of [
      id,
      '',
      'canvas',
      'canvas.prod',
      `${id}x.y`,
      `${id.toUpperCase()}.y`,
      `x${id}.y`,
      '.',
      'default.x',
    ]) {
      expect(profileOf(other)).toBe('default')
    }
    for (const other of ['', 'p', '../x', `${id}/x`, `${id}.`, `P${id.slice(1)}`])
      expect(isProfileId(other)).toBe(false)
  })
})
