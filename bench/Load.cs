using System.Diagnostics;

namespace DaprShop.Bench;

/// <summary>Closed-loop load: as many loops as there are clients, each doing its next operation as soon as the last is done.</summary>
public static class Load
{
    /// <summary>How long what is under way at the end is waited for; it has failed then.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>Runs all clients for so long and adds up what they saw; what is under way at the end is waited for and counted.</summary>
    /// <returns>The sums by operation, and how long it took until the last had ended.</returns>
    public static async Task<(IReadOnlyDictionary<string, Measurement> ByOperation, TimeSpan Elapsed)> RunAsync(
        IReadOnlyList<Mix> clients, TimeSpan duration, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        end.CancelAfter(duration);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(duration + s_patience);
        var measured = await Task.WhenAll(clients.Select(
            client => Task.Run(() => LoopAsync(client, end.Token, limit.Token, cancellation), cancellation)));
        var elapsed = Stopwatch.GetElapsedTime(started);

        var sums = new Dictionary<string, Measurement>(StringComparer.Ordinal);
        foreach (var (name, measurement) in measured.SelectMany(client => client))
        {
            if (!sums.TryGetValue(name, out var sum)) sums[name] = sum = new Measurement();
            sum.Add(measurement);
        }
        return (sums, elapsed);
    }

    private static async Task<Dictionary<string, Measurement>> LoopAsync(
        Mix client, CancellationToken end, CancellationToken limit, CancellationToken cancellation)
    {
        var measured = client.Names.ToDictionary(name => name, _ => new Measurement(), StringComparer.Ordinal);
        while (!end.IsCancellationRequested)
        {
            var operation = client.Next();
            var started = Stopwatch.GetTimestamp();
            var error = await RunAsync(operation, limit, cancellation);
            measured[operation.Name].Record(Stopwatch.GetElapsedTime(started), error);
            if (error is not null) await Task.Delay(10, cancellation); // a shop that is down must not be hammered at full speed
        }
        return measured;
    }

    private static async ValueTask<string?> RunAsync(IOperation operation, CancellationToken limit, CancellationToken cancellation)
    {
        try
        {
            return await operation.RunAsync(limit);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return "no answer";
        }
    }
}
