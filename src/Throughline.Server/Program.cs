using Throughline.Server.Cli;

return await CommandLine.RunAsync(args, Terminal.OfProcess());
