using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace DaprShop.Local.Tests.Invocation;

/// <summary>Service invocation as an app sees it, over plain HTTP.</summary>
public sealed class InvocationTests(InvocationTests.Shop shop) : IClassFixture<InvocationTests.Shop>
{
    private readonly HttpClient _sidecar = shop.Host.DaprHttp("caller");

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    [InlineData("PURGE")]
    public async Task Any_verb_reaches_the_app(string verb)
    {
        using var request = new HttpRequestMessage(new HttpMethod(verb), "/v1.0/invoke/echo/method/some/path");
        Assert.Equal(verb, (await SendAsync(request)).Method);
    }

    [Theory]
    [InlineData("/orders/7", "/orders/7")]
    [InlineData("/a%20b/%C3%A9?x=1%2B2&y=a%26b&x=2", "/a%20b/%C3%A9?x=1%2B2&y=a%26b&x=2")]
    [InlineData("/a%2Fb", "/a/b")]
    [InlineData("/v1.0/state/x", "/v1.0/state/x")]
    [InlineData("/", "/")]
    [InlineData("/twice//slashed/", "/twice/slashed")]
    public async Task Path_and_query_arrive_as_they_were_sent(string sent, string received)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1.0/invoke/echo/method" + sent);
        Assert.Equal(received, (await SendAsync(request)).Target);
    }

    [Theory]
    [InlineData("/orders/7?x=1")]
    [InlineData("/api/orders")]
    public async Task The_header_names_the_app_as_well(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("dapr-app-id", "echo");
        var heard = await SendAsync(request);
        Assert.Equal(path, heard.Target);
        Assert.DoesNotContain("dapr-app-id", heard.Headers.Keys);
    }

    [Fact]
    public async Task An_app_hears_who_calls_and_gets_its_own_token_only()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1.0/invoke/echo/method/x");
        request.Content = JsonContent.Create(new { a = 1 });
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        request.Headers.Add("x-own", ["one", "two"]);
        request.Headers.Add("dapr-caller-app-id", "forged");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "abc");

        var headers = (await SendAsync(request)).Headers;

        Assert.Equal("caller", headers["dapr-caller-app-id"]);
        Assert.Equal("echo", headers["dapr-callee-app-id"]);
        Assert.Equal("test-app-token", headers["dapr-api-token"]);
        Assert.Equal("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", headers["traceparent"]);
        Assert.Equal("one,two", headers["x-own"].Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal("Bearer abc", headers["authorization"]);
        Assert.StartsWith("application/json", headers["content-type"], StringComparison.Ordinal);
        Assert.StartsWith("127.0.0.1", headers["host"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_app_may_call_itself()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1.0/invoke/echo/method/me");
        using var response = await shop.Host.DaprHttp("echo").SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(409)]
    [InlineData(503)]
    public async Task The_apps_own_errors_come_back_untouched(int status)
    {
        using var response = await _sidecar.GetAsync($"/v1.0/invoke/echo/method/status/{status}");
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("own words", await response.Content.ReadAsStringAsync());
        Assert.Equal("yes", response.Headers.GetValues("x-own").Single());
    }

    [Fact]
    public async Task An_unknown_app_is_a_direct_invoke_error()
    {
        using var response = await _sidecar.GetAsync("/v1.0/invoke/nobody/method/x");
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        var error = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("ERR_DIRECT_INVOKE", error.GetProperty("errorCode").GetString());
        Assert.StartsWith("failed to invoke, id: nobody, err: ", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1.0/nothing")]
    [InlineData("/elsewhere")]
    [InlineData("/v1.0/invoke/echo")]
    [InlineData("/v1.0/invoke/echo/methods/x")]
    public async Task A_path_that_names_no_app_is_404(string path)
    {
        using var response = await _sidecar.GetAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        var body = await response.Content.ReadAsStringAsync();
        Assert.Contains("failed getting app id either from the URL path or the header dapr-app-id", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_app_that_is_away_is_an_error_until_it_is_back()
    {
        await shop.Host.StopAppAsync("shy");
        using (var response = await _sidecar.GetAsync("/v1.0/invoke/shy/method/x"))
        {
            Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
            Assert.Contains("ERR_DIRECT_INVOKE", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        await shop.Host.StartAppAsync("shy");
        Assert.Equal("here", await _sidecar.GetStringAsync("/v1.0/invoke/shy/method/x"));
    }

    [Fact]
    public async Task A_broken_answer_is_an_error_and_not_a_hang()
    {
        using var response = await _sidecar.GetAsync("/v1.0/invoke/echo/method/abort");
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Contains("ERR_DIRECT_INVOKE", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bodies_stream_both_ways()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1.0/invoke/echo/method/drip");
        using var response = await _sidecar.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Equal("first", await lines.ReadLineAsync());

        shop.Drip.SetResult(); // the app ends its answer only after the caller has read the beginning
        Assert.Equal("last", await lines.ReadLineAsync());

        var large = new string('x', 1 << 20);
        using var echoed = await _sidecar.PostAsync("/v1.0/invoke/echo/method/body", new StringContent(large, Encoding.UTF8, "text/plain"));
        Assert.Equal(large, await echoed.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_body_beyond_daprs_limit_is_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1.0/invoke/echo/method/body");
        request.Content = new ByteArrayContent(new byte[5 << 20]);
        request.Headers.ExpectContinue = true; // else the refusal may be lost behind the body that is still being sent
        using var response = await _sidecar.SendAsync(request);
        Assert.False(response.IsSuccessStatusCode);
    }

    private async Task<Heard> SendAsync(HttpRequestMessage request)
    {
        using var response = await _sidecar.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<Heard>())!;
    }

    private sealed record Heard(string Method, string Target, Dictionary<string, string> Headers);

    public sealed class Shop : IAsyncLifetime
    {
        public ShopHost Host { get; private set; } = null!;

        public TaskCompletionSource Drip { get; } = new();

        public async ValueTask InitializeAsync() => Host = await ShopHost.StartAsync(shop => shop
            .Fake("caller", _ => { })
            .Fake("shy", app => app.MapGet("/x", () => "here"))
            .Fake("echo", MapEcho));

        public ValueTask DisposeAsync() => Host.DisposeAsync();

        private void MapEcho(WebApplication app)
        {
            app.MapGet("/status/{status:int}", (int status, HttpResponse response) =>
            {
                response.Headers["x-own"] = "yes";
                return Results.Text("own words", statusCode: status);
            });
            app.MapGet("/abort", (HttpContext context) => context.Abort());
            app.MapPost("/body", (HttpRequest request) => Results.Stream(request.Body));
            app.MapGet("/drip", DripAsync);
            app.MapFallback("{**path}", Echo);
        }

        private async Task DripAsync(HttpResponse response)
        {
            await response.WriteAsync("first\n");
            await response.Body.FlushAsync();
            await Drip.Task;
            await response.WriteAsync("last\n");
        }

        private static IResult Echo(HttpContext context) => Results.Json(new
        {
            method = context.Request.Method,
            target = context.Features.Get<IHttpRequestFeature>()!.RawTarget,
            headers = context.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString()),
        });
    }
}
