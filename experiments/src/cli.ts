console.error("preflab: not built yet");
process.exitCode = 2;
