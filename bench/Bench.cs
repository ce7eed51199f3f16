using DaprShop.Bench.Sidecars;

namespace DaprShop.Bench;

/// <summary>One run: prepare, warm up, measure, report.</summary>
public static class Bench
{
    private const double MiB = 1024 * 1024;

    /// <returns>The exit code: 0, or 1 when nothing succeeded.</returns>
    public static async Task<int> RunAsync(BenchOptions options)
    {
        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, press) =>
        {
            press.Cancel = true;
            stop.Cancel();
        };
        try
        {
            return options switch
            {
                { Mode: "sidecar" } => await new SidecarBench(options).RunAsync(stop.Token),
                { Grown: { } grown } => await new Growth(options, grown).RunAsync(stop.Token),
                _ => await ShopAsync(options, stop.Token),
            };
        }
        catch (HttpRequestException error)
        {
            throw new BenchError($"{options.Url} does not answer: {error.Message}");
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw new BenchError("interrupted", 130);
        }
    }

    private static async Task<int> ShopAsync(BenchOptions options, CancellationToken cancellation)
    {
        if (options.Start is not null && ShopProcesses.RootOf(options.Url.Port) is not null)
            throw new BenchError($"something listens on port {options.Url.Port} already: stop it first");
        await using var shop = options.Start is { } command ? StartedShop.Start(command) : null;
        TimeSpan? firstOrder = shop is null ? null : await shop.FirstOrderAsync(options.Url, cancellation);
        var root = shop?.Pid ?? options.RootPid ?? ShopProcesses.RootOf(options.Url.Port);
        var report = await MeasureAsync(options, root, firstOrder, cancellation);
        report.WriteTable(Console.Out);
        if (options.Report is { } file) await File.WriteAllTextAsync(file, report.ToJson(), cancellation);
        return report.AnythingSucceeded ? 0 : 1;
    }

    private static async Task<BenchReport> MeasureAsync(
        BenchOptions options, int? root, TimeSpan? firstOrder, CancellationToken cancellation)
    {
        var clients = await ClientsAsync(options, cancellation);
        try
        {
            if (options.Warmup > TimeSpan.Zero) await Load.RunAsync(clients, options.Warmup, cancellation);
            var before = ShopProcesses.Tree(root).ToDictionary(process => process.Pid);
            var driverBefore = Environment.CpuUsage.TotalTime;
            var (measured, elapsed) = await Load.RunAsync(clients, options.Duration, cancellation);
            var driver = Environment.CpuUsage.TotalTime - driverBefore;
            ProcessReport[] processes =
            [
                .. ShopProcesses.Tree(root).Select(after => new ProcessReport(
                    after.Name, after.Pid, (after.Cpu - (before.GetValueOrDefault(after.Pid)?.Cpu ?? TimeSpan.Zero)).TotalMilliseconds,
                    after.RssBytes / MiB, after.PssBytes / MiB)).OrderByDescending(process => process.CpuMs),
            ];
            // Only when nothing but orders was asked for is all of the CPU theirs.
            var orders = options.Mode == "checkout" ? measured[Checkout.OperationName].Succeeded : 0;
            return new BenchReport(
                options.Mode, options.Clients, elapsed.TotalSeconds,
                $"{Environment.ProcessorCount} processors, {System.Runtime.InteropServices.RuntimeInformation.OSDescription}",
                measured.ToDictionary(operation => operation.Key, operation => OperationReport.Of(operation.Value, elapsed)),
                orders > 0 && processes.Length > 0 ? processes.Sum(process => process.CpuMs) / orders : null,
                driver.TotalMilliseconds, orders > 0 ? driver.TotalMilliseconds / orders : null,
                processes, firstOrder?.TotalSeconds);
        }
        finally
        {
            foreach (var client in clients) client.Dispose();
        }
    }

    private static async Task<IReadOnlyList<Mix>> ClientsAsync(BenchOptions options, CancellationToken cancellation)
    {
        using var api = new ShopApi(options.Url);
        var products = await api.ProductsAsync(options.Products, cancellation);
        if (options.Mode != "browse") await api.FillStockAsync(products, cancellation);
        var clients = new List<Mix>();
        for (var number = 0; number < options.Clients; number++)
        {
            var random = new Random(number);
            var token = options.Mode == "browse" ? "" : await api.MemberTokenAsync(number, cancellation);
            clients.Add(options.Mode switch
            {
                "checkout" => new Mix(random, (Orders(), 1)),
                "browse" => new Mix(random, [.. Browsing().Where(part => options.Only is null || part.Operation.Name == options.Only)]),
                _ => new Mix(random, [.. Browsing(), (Orders(), 1)]),
            });

            Checkout Orders() => new(options.Url, token, products, random);
        }
        return clients;

        (IOperation Operation, int Weight)[] Browsing() =>
        [
            (new RawGet("list", options.Url, ["/api/catalog/products?pageSize=20"]), 5),
            (new RawGet("detail", options.Url, [.. products.Select(id => $"/api/catalog/products/{id}")]), 4),
        ];
    }
}
