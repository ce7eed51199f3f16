using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace DaprShop.Bench;

/// <summary>
/// Orders of the past, put into ordering's store by way of its sidecar: copies of the documents that the service itself wrote for one order
/// (its view, its lines in the journal), each under an id of its own; and a document more for each, as large as its stream, since nobody but
/// the actor may write that.
/// </summary>
/// <param name="sidecar">Ordering's, its HTTP port.</param>
public sealed class PastOrders(Uri sidecar) : IDisposable
{
    private const string Store = "v1.0/state/ordering-store";
    private const string Journal = "journal";
    private const int DocumentsAtOnce = 600;
    private const int OtherMembers = 1000;

    /// <summary>Of the journal, as services/ordering/PagedLog.cs has it.</summary>
    private const int PageLength = 50;

    private readonly HttpClient _http = new() { BaseAddress = sidecar, Timeout = TimeSpan.FromMinutes(1) };

    /// <summary>Adds <paramref name="count"/> orders, the members given having as many of them as a thousand others.</summary>
    /// <param name="like">An order that is over.</param>
    /// <param name="count">How many.</param>
    /// <param name="members">Ids of members.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task AddAsync(string like, int count, IReadOnlyList<string> members, CancellationToken cancellation)
    {
        var view = await ReadAsync($"view/{like}", cancellation);
        var journal = await ReadAsync(Journal, cancellation);
        var newest = journal["newest"]!.AsArray().Select(entry => entry!.AsObject()).ToList();
        var steps = newest.Where(entry => (string?)entry["orderId"] == like).ToList();
        var owners = members.Concat(Enumerable.Range(0, OtherMembers).Select(_ => Guid.CreateVersion7().ToString())).ToList();
        var page = (int)journal["fullPages"]!;
        var documents = new List<(string Key, JsonNode Value)>();
        for (var number = 0; number < count; number++)
        {
            var (id, owner) = (Guid.CreateVersion7().ToString(), owners[number % owners.Count]);
            documents.Add(($"view/{id}", Copy(view, ("id", id), ("memberId", owner))));
            documents.Add(($"idem/{owner}/{Guid.NewGuid():N}", new JsonObject { ["orderId"] = id, ["bodyHash"] = Guid.NewGuid().ToString("N") }));
            documents.Add(($"past/{id}", new JsonObject { ["id"] = id, ["stream"] = view.DeepClone(), ["more"] = new string('x', 1000) }));
            newest.AddRange(steps.Select(step => Copy(step, ("orderId", id), ("memberId", owner))));
            while (newest.Count >= PageLength)
            {
                documents.Add(($"{Journal}/{page++}", new JsonArray([.. newest.Take(PageLength).Select(entry => entry.DeepClone())])));
                newest.RemoveRange(0, PageLength);
            }
            if (documents.Count >= DocumentsAtOnce) await SaveAsync(documents, cancellation);
        }

        documents.Add((Journal, new JsonObject { ["fullPages"] = page, ["newest"] = new JsonArray([.. newest.Select(entry => entry.DeepClone())]) }));
        await SaveAsync(documents, cancellation);
    }

    public void Dispose() => _http.Dispose();

    private static JsonObject Copy(JsonObject original, params (string Name, string Value)[] changes)
    {
        var copy = original.DeepClone().AsObject();
        foreach (var (name, value) in changes) copy[name] = value;
        return copy;
    }

    private async Task<JsonObject> ReadAsync(string key, CancellationToken cancellation)
    {
        using var response = await _http.GetAsync($"{Store}/{Uri.EscapeDataString(key)}", cancellation);
        if (response.StatusCode != HttpStatusCode.OK) throw new BenchError($"{sidecar} has no {key} ({(int)response.StatusCode}): is it ordering's sidecar?");
        return (await response.Content.ReadFromJsonAsync<JsonObject>(cancellation))!;
    }

    private async Task SaveAsync(List<(string Key, JsonNode Value)> documents, CancellationToken cancellation)
    {
        var body = new JsonArray([.. documents.Select(document => new JsonObject { ["key"] = document.Key, ["value"] = document.Value })]);
        using var response = await _http.PostAsJsonAsync(Store, body, cancellation);
        if (!response.IsSuccessStatusCode) throw new BenchError($"cannot save: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancellation)}");
        documents.Clear();
    }
}
