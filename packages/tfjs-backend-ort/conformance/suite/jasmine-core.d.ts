/** The part of jasmine-core that the harness drives; the package ships no types. */
declare module "jasmine-core/lib/jasmine-core/jasmine.js" {
  namespace jasmineRequire {
    interface Failure {
      readonly message: string;
    }
    interface SuiteResult {
      readonly fullName: string;
      readonly failedExpectations: readonly Failure[];
    }
    interface SpecResult extends SuiteResult {
      readonly status: "passed" | "failed" | "pending" | "excluded";
    }
    interface Reporter {
      specStarted(result: SpecResult): void;
      specDone(result: SpecResult): void;
      suiteDone(result: SuiteResult): void;
      jasmineDone(result: { readonly failedExpectations: readonly Failure[] }): void;
    }
    interface Spec {
      /** Titles from the outermost suite to the spec itself. */
      getPath(): string[];
      getFullName(): string;
    }
    interface Configuration {
      readonly random?: boolean;
      readonly forbidDuplicateNames?: boolean;
      readonly specFilter?: (spec: Spec) => boolean;
    }
    interface Env {
      configure(configuration: Configuration): void;
      addReporter(reporter: Reporter): void;
      execute(): Promise<unknown>;
    }
    interface Jasmine {
      DEFAULT_TIMEOUT_INTERVAL: number;
      getEnv(options?: { readonly suppressLoadErrors: boolean }): Env;
    }
  }
  const jasmineRequire: {
    core(require: unknown): jasmineRequire.Jasmine;
    interface(jasmine: jasmineRequire.Jasmine, env: jasmineRequire.Env): object;
  };
  export = jasmineRequire;
}

/** Importing it declares every spec of tfjs-core. */
declare module "@tensorflow/tfjs-core/dist/tests.js";
