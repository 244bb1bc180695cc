/**
 * Puts jasmine's globals (describe, it, expect, jasmine, ...) in place. Must be imported before the
 * specs of tfjs-core, which use them while they load.
 */
import jasmineRequire from "jasmine-core/lib/jasmine-core/jasmine.js";

const SPEC_TIMEOUT_MS = 20_000;

const jasmine: jasmineRequire.Jasmine = jasmineRequire.core(jasmineRequire);

/** The environment that the globals declare their specs in. */
export const jasmineEnv: jasmineRequire.Env = jasmine.getEnv({ suppressLoadErrors: true });

jasmine.DEFAULT_TIMEOUT_INTERVAL = SPEC_TIMEOUT_MS;
// tfjs-core declares some suites twice under one name; some specs rely on the order of declaration.
jasmineEnv.configure({ random: false, forbidDuplicateNames: false });
Object.assign(globalThis, jasmineRequire.interface(jasmine, jasmineEnv), { jasmine });
