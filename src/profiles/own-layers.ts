// What of a profile's settings goes over the default mapping.
import type { Layers } from '../mapping/files/layers.ts'
import { type DefaultSettings, ownSettings, type ProfileSettings } from './body.ts'
import { layersOf, withSettings } from './layers.ts'

export function profileLayers(settings: ProfileSettings): Layers {
  return withSettings(layersOf(settings.mapping?.layers ?? []).found, ownSettings(settings))
}

/** The same for the environment's profile, where MAPPING is not set. */
export function defaultLayers({ mapping, settings }: DefaultSettings): Layers {
  return withSettings(layersOf(mapping?.layers ?? []).found, settings ?? {})
}
