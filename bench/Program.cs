using DaprShop.Bench;

// Sockets then answer on the thread that found them ready, which is what lets this driver share a small machine with the shop.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

try
{
    return await Bench.RunAsync(BenchOptions.Parse(args));
}
catch (BenchError error)
{
    Console.Error.WriteLine(error.Message);
    return error.ExitCode;
}
