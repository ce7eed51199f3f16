using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace DaprShop.Bench;

/// <summary>
/// What a long past costs: two shops alike but for the past orders of one of them, under the same load in turn, slice by slice, so that
/// whatever else the machine does meets both. CPU is what to compare; rates and times are told beside it.
/// </summary>
public sealed class Growth(BenchOptions options, Uri grown)
{
    private const int Rounds = 12;

    /// <summary>In which an order is delivered; the parcels of a shop as it is started take most of a minute.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    /// <returns>The exit code: 0, or 1 when an order or a list costs more than a tenth more, or none succeeded.</returns>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        using var young = await Side.OpenAsync(options.Url, options, cancellation);
        using var old = await Side.OpenAsync(grown, options, cancellation);
        if (options.Sidecar is { } sidecar) await GrowAsync(old, sidecar, cancellation);
        foreach (var side in (Side[])[young, old]) await Load.RunAsync(side.Buyers, options.Warmup, cancellation);

        var slice = options.Duration / Rounds;
        for (var round = 0; round < Rounds; round++)
        {
            // Each goes first as often as the other.
            foreach (var side in round % 2 == 0 ? (Side[])[young, old] : [old, young])
            {
                await side.RunAsync(side.Buyers, slice, cancellation);
                await side.RunAsync(side.Readers, slice, cancellation);
            }
        }

        var worst = 0.0;
        foreach (var operation in new[] { Checkout.OperationName, OrderList.OperationName })
        {
            var (before, after) = (young[operation], old[operation]);
            var ratio = after.CpuMs / before.CpuMs;
            // Where nothing succeeded there is nothing to compare.
            worst = before.Succeeded > 0 && after.Succeeded > 0 ? Math.Max(worst, ratio) : double.PositiveInfinity;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{operation,-9} young {before}   grown {after}   CPU × {ratio:0.00}"));
        }
        return worst <= 1.1 ? 0 : 1;
    }

    private async Task GrowAsync(Side side, Uri sidecar, CancellationToken cancellation)
    {
        using var past = new PastOrders(sidecar);
        var like = await side.DeliveredOrderAsync(cancellation);
        var members = await side.MemberIdsAsync(cancellation);
        var began = Stopwatch.GetTimestamp();
        await past.AddAsync(like, options.Orders, members, cancellation);
        Console.WriteLine($"{options.Orders} past orders added in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
        began = Stopwatch.GetTimestamp();
        var total = await side.Lists[0].TotalAsync(cancellation);
        Console.WriteLine($"first list, which reads the journal of them all: {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms, {total} orders");
    }

    /// <summary>One of the two shops, with as many members as there are clients, and what they saw.</summary>
    private sealed class Side : IDisposable
    {
        private readonly Dictionary<string, Tally> _tallies = new() { [Checkout.OperationName] = new(), [OrderList.OperationName] = new() };
        private readonly IReadOnlyList<string> _tokens;
        private readonly IReadOnlyList<string> _products;
        private readonly Uri _url;
        private readonly int? _root;

        private Side(Uri url, IReadOnlyList<string> tokens, IReadOnlyList<string> products)
        {
            (_url, _tokens, _products) = (url, tokens, products);
            Lists = [.. tokens.Select(token => new OrderList(url, token))];
            Buyers = [.. tokens.Select((token, number) => new Mix(new Random(number), (new Checkout(url, token, products, new Random(number)), 1)))];
            Readers = [.. Lists.Select(list => new Mix(new Random(0), (list, 1)))];
            _root = ShopProcesses.RootOf(url.Port);
        }

        public IReadOnlyList<OrderList> Lists { get; }

        public IReadOnlyList<Mix> Buyers { get; }

        public IReadOnlyList<Mix> Readers { get; }

        public Tally this[string operation] => _tallies[operation];

        public static async Task<Side> OpenAsync(Uri url, BenchOptions options, CancellationToken cancellation)
        {
            using var api = new ShopApi(url);
            var products = await api.ProductsAsync(options.Products, cancellation);
            await api.FillStockAsync(products, cancellation);
            var tokens = new List<string>();
            for (var number = 0; number < options.Clients; number++) tokens.Add(await api.MemberTokenAsync(number, cancellation));
            return new Side(url, tokens, products);
        }

        public async Task RunAsync(IReadOnlyList<Mix> clients, TimeSpan duration, CancellationToken cancellation)
        {
            var before = Cpu();
            var (measured, elapsed) = await Load.RunAsync(clients, duration, cancellation);
            var cpu = Cpu() - before;
            foreach (var (operation, measurement) in measured) _tallies[operation].Add(measurement, elapsed, cpu);
        }

        /// <summary>A member's order, once it is delivered: until then it is all that happens in the shop.</summary>
        public async Task<string> DeliveredOrderAsync(CancellationToken cancellation)
        {
            using var http = Http(_tokens[0]);
            using var request = Checkout.Request(_products, new Random(0));
            using var response = await http.SendAsync(request, cancellation);
            var order = await response.Content.ReadFromJsonAsync<JsonElement>(cancellation);
            var id = order.GetProperty("id").GetString()!;
            var began = Stopwatch.GetTimestamp();
            while (order.GetProperty("status").GetString() is var status && status != "delivered")
            {
                if (Stopwatch.GetElapsedTime(began) > s_patience) throw new BenchError($"order {id} is still {status}");
                await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
                order = await http.GetFromJsonAsync<JsonElement>($"api/orders/{id}", cancellation);
            }
            return id;
        }

        public async Task<IReadOnlyList<string>> MemberIdsAsync(CancellationToken cancellation)
        {
            var ids = new List<string>();
            foreach (var token in _tokens)
            {
                using var http = Http(token);
                ids.Add((await http.GetFromJsonAsync<JsonElement>("api/members/me", cancellation)).GetProperty("id").GetString()!);
            }
            return ids;
        }

        public void Dispose()
        {
            foreach (var client in Buyers.Concat(Readers)) client.Dispose();
        }

        private HttpClient Http(string token)
        {
            var http = ShopApi.NewClient(_url);
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
            return http;
        }

        private TimeSpan Cpu() => ShopProcesses.Tree(_root).Aggregate(TimeSpan.Zero, (sum, process) => sum + process.Cpu);
    }

    /// <summary>The slices of one operation in one shop, added up.</summary>
    private sealed class Tally
    {
        private readonly Measurement _seen = new();
        private TimeSpan _elapsed;
        private TimeSpan _cpu;

        public long Succeeded => _seen.Succeeded;

        public double CpuMs => _cpu.TotalMilliseconds / Math.Max(1, Succeeded);

        public void Add(Measurement measurement, TimeSpan elapsed, TimeSpan cpu)
        {
            _seen.Add(measurement);
            _elapsed += elapsed;
            _cpu += cpu;
        }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture,
            $"{_seen.Succeeded / _elapsed.TotalSeconds,7:0.0}/s p50 {_seen.Percentile(50),6:0.0} ms p99 {_seen.Percentile(99),6:0.0} ms {CpuMs,6:0.00} ms CPU {(_seen.Errors.Count == 0 ? "" : $"ERRORS {_seen.Errors.Values.Sum()} ")}");
    }
}
