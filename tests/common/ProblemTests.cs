using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace DaprShop.Common.Tests;

public sealed class ProblemTests : IAsyncLifetime
{
    private TestService _service = null!;

    public sealed record Line(string ProductId, int Quantity, string? Note);

    public sealed record Parcel(Line Content);

    public async ValueTask InitializeAsync() => _service = await TestService.StartAsync(app =>
    {
        app.MapPost("/lines", (Line line) => TypedResults.Ok(line));
        app.MapPost("/parcels", (Parcel parcel) => TypedResults.Ok(parcel));
        app.MapGet("/number", (int page) => page);
        app.MapGet("/bug", string () => throw new InvalidOperationException("secret detail"));
        app.MapGet("/peer", string () => throw new PeerUnavailableException("catalog"));
        app.MapGet("/invalid", () => new Validation().Text("", "name", 10).Check(false, "items[0].quantity", "1 to 99.").Problem!);
        app.MapGet("/busy", () => Problem.TooMany(TimeSpan.FromSeconds(1.2)));
    });

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    public static TheoryData<string, string, string?, string?, int> Requests => new()
    {
        { "POST", "/lines", "{\"productId\":", "application/json", 400 },
        { "POST", "/lines", "{\"productId\":\"a\"}", "application/json", 400 },
        { "POST", "/lines", "{\"productId\":null,\"quantity\":1}", "application/json", 400 },
        { "POST", "/lines", "{\"productId\":\"a\",\"quantity\":\"1\"}", "application/json", 400 },
        { "POST", "/lines", "{\"productId\":\"a\",\"quantity\":99999999999}", "application/json", 400 },
        { "POST", "/lines", "", "application/json", 400 },
        { "POST", "/lines", "productId=a", "application/x-www-form-urlencoded", 415 },
        { "POST", "/lines", "{}", "application/json; charset=utf-16", 415 },
        { "POST", "/lines", "{}", "application/json; charset=\"nonsense\"; more=1", 415 },
        { "GET", "/number?page=x", null, null, 400 },
        { "GET", "/nothing", null, null, 404 },
        { "DELETE", "/lines", null, null, 405 },
        { "GET", "/bug", null, null, 500 },
        { "GET", "/peer", null, null, 503 },
        { "GET", "/busy", null, null, 429 },
    };

    [Theory, MemberData(nameof(Requests))]
    public async Task Every_error_is_problem_json_with_a_trace_id_and_nothing_inside_out(
        string method, string path, string? body, string? type, int status)
    {
        var content = body is null ? null : Content(body, type!);
        var (response, problem) = await _service.SendAsync(new HttpMethod(method), path, content);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        foreach (var field in new[] { "type", "title", "detail", "traceId" })
            Assert.False(string.IsNullOrWhiteSpace(problem.GetProperty(field).GetString()));
        var text = problem.GetRawText();
        Assert.DoesNotContain("secret detail", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", text, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
    }

    /// <summary>Who sends for long after the answer reads it too, and not of a connection that was reset.</summary>
    [Theory]
    [InlineData(1024 * 1024 + 1, false)]
    [InlineData(1024 * 1024 + 1, true)]
    [InlineData(20_000_000, false)]
    [InlineData(20_000_000, true)]
    public async Task A_body_over_the_limit_is_413(int length, bool isChunked)
    {
        var (response, problem) = await SendLineAsync(length, isChunked);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal(413, problem.GetProperty("status").GetInt32());
    }

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/json;charset=UTF-8")]
    [InlineData("application/json; charset=\"utf-8\"")]
    [InlineData("application/json; charset=\"UTF-8\"; more=1")]
    [InlineData("application/merge-patch+json; charset=\"utf-8\"")]
    public async Task Json_may_say_that_it_is_utf_8(string type)
    {
        var (response, line) = await _service.SendAsync(HttpMethod.Post, "/lines", Content("{\"productId\":\"ü\",\"quantity\":1}", type));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("ü", line.GetProperty("productId").GetString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_at_the_limit_is_read(bool isChunked)
    {
        var (response, _) = await SendLineAsync((int)ShopDefaults.MaxBodyBytes, isChunked);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Validation_names_every_wrong_field()
    {
        var (_, problem) = await _service.SendAsync(HttpMethod.Get, "/invalid");
        var fields = problem.GetProperty("errors").EnumerateObject().Select(error => error.Name);
        Assert.Equal(["name", "items[0].quantity"], fields);
    }

    [Theory]
    [InlineData("POST", "/lines", "{\"productId\":\"a\",\"quantity\":\"1\"}", "quantity")]
    [InlineData("POST", "/lines", "{\"productId\":\"a\",\"quantity\":99999999999}", "quantity")]
    [InlineData("POST", "/lines", "{}", "productId", "quantity")]
    [InlineData("POST", "/parcels", "{\"content\":{\"productId\":\"a\"}}", "content.quantity")]
    [InlineData("GET", "/number?page=x", null, "page")]
    public async Task What_cannot_be_read_is_named(string method, string path, string? body, params string[] fields)
    {
        using var content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        var (_, problem) = await _service.SendAsync(new HttpMethod(method), path, content);
        Assert.Equal(fields, problem.GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    [Fact]
    public async Task Unknown_fields_are_ignored()
    {
        using var content = new StringContent("{\"productId\":\"a\",\"quantity\":1,\"later\":{}}", Encoding.UTF8, "application/json");
        var (response, _) = await _service.SendAsync(HttpMethod.Post, "/lines", content);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Retry_after_is_whole_seconds_rounded_up()
    {
        var (busy, _) = await _service.SendAsync(HttpMethod.Get, "/busy");
        Assert.Equal("2", busy.Headers.RetryAfter?.ToString());
        var (away, _) = await _service.SendAsync(HttpMethod.Get, "/peer");
        Assert.Equal("1", away.Headers.RetryAfter?.ToString());
    }

    private static ByteArrayContent Content(string body, string type)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        return content;
    }

    private async Task<(HttpResponseMessage Response, JsonElement Body)> SendLineAsync(int bytes, bool isChunked)
    {
        const string before = "{\"productId\":\"", after = "\",\"quantity\":1}";
        using var content = new StringContent(
            before + new string('a', bytes - before.Length - after.Length) + after, Encoding.UTF8, "application/json");
        _service.Client.DefaultRequestHeaders.TransferEncodingChunked = isChunked;
        return await _service.SendAsync(HttpMethod.Post, "/lines", content);
    }
}
