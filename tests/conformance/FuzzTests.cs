using System.Text;
using CsCheck;
using DaprShop.Conformance.Tests.Sidecars;

namespace DaprShop.Conformance.Tests;

/// <summary>
/// Ten thousand bad requests: each gets an answer of daprd's kind, and the sidecar stays up. They are other ones each time;
/// <c>FUZZ_SEED</c>, which a failure tells, makes the same again.
/// </summary>
public sealed class FuzzTests(TestWorld world)
{
    private const int Requests = 10_000;

    private static readonly string[] s_verbs = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"];

    private static readonly string[] s_targets =
    [
        "/v1.0/state/{0}", "/v1.0/state/{0}/{1}", "/v1.0/state/store/bulk", "/v1.0/state/store/transaction", "/v1.0/state/{0}/bulk/{1}",
        "/v1.0/publish/{0}/{1}", "/v1.0/publish/pubsub/{1}?metadata.rawPayload={0}", "/v1.0/publish/bulk/pubsub/{0}",
        "/v1.0/secrets/{0}/{1}", "/v1.0/secrets/files/{1}", "/v1.0/actors/thing/{0}/state", "/v1.0/actors/thing/{0}/state/{1}",
        "/v1.0/actors/thing/{0}/reminders/{1}", "/v1.0/actors/thing/{0}/timers/{1}", "/v1.0/actors/{0}/{1}",
        "/v1.0/bindings/{0}", "/v1.0/bindings/web", "/v1.0/configuration/{0}", "/v1.0/configuration/{0}/{1}/unsubscribe",
        "/v1.0-alpha1/lock/{0}", "/v1.0-alpha1/lock/locks", "/v1.0-alpha1/unlock/locks", "/v1.0/metadata/{0}", "/v1.0/healthz?appid={0}",
        "/v1.0/invoke/{0}/method/{1}", "/v1.0/invoke/nobody/{0}/{1}", "/v9.9/{0}/{1}", "/{0}", "/v1.0/{0}", "/v1.0-alpha1/state/{0}/query",
        "/v1.0/workflows/{0}/{1}", "/v1.0/../{0}", "/v1.0/state/store/..%2F..%2F{0}",
    ];

    private static readonly string[] s_words =
    [
        "x", "store", "nothing", "..", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "%00", "%ff%fe", "%C3%28", "a%7C%7Cb", "%", "%zz", "%F0%9F%8E%89",
        "'", "%22", "%3Cscript%3E", "%0d%0aset-cookie:a=b", "''--", "$(id)", "{{7*7}}", "null", "-1", "1e999", new string('a', 3000),
    ];

    private static readonly string[] s_bodies =
    [
        "", "{", "[", "null", "true", "1e400", "\"", "[[[[[[", "{}", "[{}]", "[null]", "[1]", "{\"operations\":1}", "{\"operations\":[{}]}",
        "{\"keys\":{}}", "[{\"key\":{}}]", "[{\"key\":\"../../etc/passwd\",\"value\":1,\"etag\":7}]", "{\"dueTime\":[]}", "{\"dueTime\":\"-1h\"}",
        "{\"operation\":[]}", "{\"operation\":\"get\",\"metadata\":[]}", "{\"resourceId\":{}}", "{\"expiryInSeconds\":\"x\"}",
        "[{\"entryId\":1}]", "[{\"entryId\":\"a\",\"event\":{},\"contentType\":\"text/plain\"}]", "[{\"operation\":\"upsert\",\"request\":7}]",
        "[{\"key\":\"\\ud800\",\"value\":1}]", "{\"id\":\"\\ud800\",\"traceid\":\"\\ud800\"}", "{\"a\":\"\u0000\"}", "\ufeff{}", "[{\"key\":\"k\",\"value\":1,\"options\":7}]",
        "[{\"key\":\"k\",\"metadata\":{\"ttlInSeconds\":{}}}]",
    ];

    private static readonly string[] s_types = ["application/json", "application/cloudevents+json", "text/plain", "application/grpc", "x", "a/b; charset=none"];

    private static readonly Gen<Bad> s_request =
        from verb in Fuzz.Of(s_verbs)
        from target in Fuzz.Of(s_targets)
        from first in Fuzz.Of(s_words)
        from second in Fuzz.Of(s_words)
        from body in Gen.Frequency((4, Fuzz.Of(s_bodies).Select(Encoding.UTF8.GetBytes)), (1, Gen.Byte.Array[0, 200]))
        from type in Fuzz.Of(s_types)
        from app in Fuzz.Of("", "", "", "nobody", "%C3%A9", "a.b.c")
        select new Bad(verb, string.Format(null, target, first, second), body, type, app);

    [Fact]
    public async Task Bad_requests_are_answered_and_the_sidecar_stays_up()
    {
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, MaxConnectionsPerServer = 16 })
        {
            Timeout = TimeSpan.FromMinutes(2),
        };
        var (requests, seed) = Fuzz.Some(s_request, Requests);
        // daprd keeps a label that is no UTF-8, and from then on cannot tell its metadata over gRPC.
        if (world.Sidecars.AreReal) requests = [.. requests.Where(bad => !bad.IsLabel)];
        var odd = new System.Collections.Concurrent.ConcurrentQueue<string>();
        await Parallel.ForEachAsync(requests, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (bad, _) =>
        {
            if (await AskAsync(http, bad) is { } oddity) odd.Enqueue(oddity);
        });
        Assert.True(odd.IsEmpty, Fuzz.Failure(seed, odd));
        Assert.Equal(204, (await world.CallAsync("caller", "GET", "/v1.0/healthz")).Status);
        Assert.Equal(200, (await world.CallAsync("caller", "GET", "/v1.0/invoke/echo/method/x")).Status);
    }

    [Theory]
    [InlineData("/v1.0/state/store")]
    [InlineData("/v1.0/publish/pubsub/x")]
    [InlineData("/v1.0/bindings/web")]
    [InlineData("/v1.0/invoke/echo/method/x")]
    public async Task A_body_of_more_than_four_mebibytes_is_too_much(string target)
    {
        try
        {
            var answer = await world.CallAsync("caller", "POST", target, "\"too-much" + new string('x', 5 << 20) + "\"");
            Assert.InRange(answer.Status, 400, 599);
        }
        catch (HttpRequestException error) when (error.InnerException is IOException)
        {
            // Who hangs up amid the body refuses it as well.
        }
        Assert.DoesNotContain(world["echo"].Log, heard => heard.Text.StartsWith("\"too-much", StringComparison.Ordinal));
        Assert.Equal(204, (await world.CallAsync("caller", "GET", "/v1.0/healthz")).Status);
    }

    /// <summary>Null when the answer is as it should be: never a stack trace, never another shape of error than daprd's.</summary>
    private async Task<string?> AskAsync(HttpClient http, Bad bad)
    {
        using var request = new HttpRequestMessage(
            new HttpMethod(bad.Verb),
            new Uri(world["caller"].Sidecar.GetLeftPart(UriPartial.Authority) + bad.Target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (bad.Verb is not ("GET" or "HEAD" or "TRACE")) request.Content = new ByteArrayContent(bad.Body);
        request.Content?.Headers.TryAddWithoutValidation("Content-Type", bad.Type);
        if (bad.App.Length > 0) request.Headers.TryAddWithoutValidation("dapr-app-id", bad.App);
        try
        {
            using var response = await http.SendAsync(request);
            var text = await response.Content.ReadAsStringAsync();
            var status = (int)response.StatusCode;
            if (text.Contains("   at ", StringComparison.Ordinal) || text.Contains("Exception", StringComparison.Ordinal)) return $"{bad}: {text}";
            if (status < 500 || bad.Verb == "HEAD") return null;
            return text.Contains("\"errorCode\":\"", StringComparison.Ordinal) ? null : $"{bad}: {status} {text}";
        }
        catch (HttpRequestException error) when (error.InnerException is IOException)
        {
            // A server may hang up on what is no HTTP.
            return null;
        }
    }

    private sealed record Bad(string Verb, string Target, byte[] Body, string Type, string App)
    {
        public bool IsLabel => Verb == "PUT" && Target.StartsWith("/v1.0/metadata", StringComparison.Ordinal);

        public override string ToString() => $"{Verb} {Target} ({Type}) {App} {Encoding.UTF8.GetString(Body)}";
    }
}
