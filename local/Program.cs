using DaprShop.Local.Cli;
using DaprShop.Local.Configuration;
using DaprShop.Local.Hosting;

try
{
    var line = CommandLineParser.Parse(args);
    if (line.Help)
    {
        Console.WriteLine(CommandLineParser.Usage);
        return 0;
    }
    BatchScheduling.Adopt();
    using var stop = new StopSignals();
    await ShopRun.From(line).RunAsync(stop.Token);
    return 0;
}
catch (UsageError error)
{
    Console.Error.WriteLine($"{error.Message}\n\n{CommandLineParser.Usage}");
    return 2;
}
catch (ConfigurationError error)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}
