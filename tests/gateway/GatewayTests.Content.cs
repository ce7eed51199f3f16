using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace DaprShop.Gateway.Tests;

/// <content>Compression and entity tags.</content>
public abstract partial class GatewayTests
{
    [Fact]
    public async Task Text_is_compressed_for_who_can_read_it()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/catalog/products/text");
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));

        using var response = await Client.SendAsync(request);

        Assert.Equal("gzip", Assert.Single(response.Content.Headers.ContentEncoding));
        Assert.Contains("Accept-Encoding", response.Headers.Vary, StringComparer.OrdinalIgnoreCase);
        await using var plain = new GZipStream(await response.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        Assert.Equal(5000, (await JsonDocument.ParseAsync(plain)).RootElement.GetProperty("text").GetString()!.Length);
    }

    [Fact]
    public async Task Text_is_left_alone_for_who_cannot()
    {
        using var response = await Client.GetAsync("/api/catalog/products/text");

        Assert.Empty(response.Content.Headers.ContentEncoding);
    }

    [Theory]
    [InlineData("GET", "If-None-Match", "\"v1\"", HttpStatusCode.NotModified)]
    [InlineData("GET", "If-None-Match", "W/\"v1\"", HttpStatusCode.NotModified)]
    [InlineData("GET", "If-None-Match", "\"v0\"", HttpStatusCode.OK)]
    [InlineData("PUT", "If-Match", "\"v1\"", HttpStatusCode.OK)]
    [InlineData("PUT", "If-Match", "W/\"v1\"", HttpStatusCode.OK)]
    [InlineData("PUT", "If-Match", "\"v0\"", HttpStatusCode.PreconditionFailed)]
    public async Task Entity_tags_work_through_the_gateway(string method, string header, string tag, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/api/catalog/products/tagged");
        request.Headers.TryAddWithoutValidation(header, tag);

        using var response = await Client.SendAsync(request);

        Assert.Equal(expected, response.StatusCode);
        Assert.Equal("\"v1\"", response.Headers.ETag!.Tag);
    }

    [Fact]
    public async Task The_tag_of_a_compressed_answer_can_be_sent_back()
    {
        using var get = new HttpRequestMessage(HttpMethod.Get, "/api/catalog/products/tagged");
        get.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        using var got = await Client.SendAsync(get);
        using var put = new HttpRequestMessage(HttpMethod.Put, "/api/catalog/products/tagged");
        put.Headers.TryAddWithoutValidation("If-Match", got.Headers.ETag!.ToString());

        using var response = await Client.SendAsync(put);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task What_a_service_refuses_passes_in_its_own_words()
    {
        using var response = await Client.GetAsync("/api/orders/refused");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
        Assert.Contains("the service's own words", await response.Content.ReadAsStringAsync());
    }
}
