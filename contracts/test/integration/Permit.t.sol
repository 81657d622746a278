// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ILedger} from "src/interfaces/ILedger.sol";
import {SuccessorFixture} from "test/mocks/SuccessorFixture.sol";

/// @dev Allowances that are signed. The digest is computed here, from EIP-712 and EIP-2612.
contract PermitTest is SuccessorFixture {
    bytes32 internal constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 internal constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    uint256 internal constant KEY = 0xA11CE;
    address internal keyed;

    function setUp() public {
        setUpLane(READ_THROUGH);
        keyed = vm.addr(KEY);
    }

    function domain() internal view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN, keccak256("Next"), keccak256("1"), block.chainid, address(token)));
    }

    function digest(address owner_, uint256 value, uint256 nonce, uint256 end) internal view returns (bytes32) {
        bytes32 hash = keccak256(abi.encode(PERMIT, owner_, stranger, value, nonce, end));
        return keccak256(abi.encodePacked(hex"1901", domain(), hash));
    }

    function permit(uint256 key, uint256 value, uint256 nonce, uint256 end, bytes memory why) internal {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest(keyed, value, nonce, end));
        if (why.length != 0) vm.expectRevert(why);
        token.permit(keyed, stranger, value, end, v, r, s);
    }

    function inert() internal override {
        permit(KEY, 7, 0, DEADLINE, abi.encodeWithSelector(ILedger.NotLive.selector));
        check(token.nonces(keyed), 0, "no nonce is used up");
        check(token.allowance(keyed, stranger), 0, "allowance");
    }

    function test_domainSeparator() public view {
        vm.assertEq(token.DOMAIN_SEPARATOR(), domain(), "EIP-712");
    }

    function test_allowsOnce() public {
        goTo(COMMITTED);
        vm.prank(alice);
        token.transfer(keyed, 9);
        vm.expectEmit(address(token));
        emit IERC20.Approval(keyed, stranger, 7);
        permit(KEY, 7, 0, DEADLINE, "");
        check(token.allowance(keyed, stranger), 7, "allowed");
        check(token.nonces(keyed), 1, "nonce");
        vm.prank(stranger);
        token.transferFrom(keyed, bob, 7);
        check(token.balanceOf(keyed), 2, "moved");
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, digest(keyed, 7, 0, DEADLINE));
        vm.expectRevert();
        token.permit(keyed, stranger, 7, DEADLINE, v, r, s);
        permit(KEY, 3, 1, DEADLINE, "");
        check(token.allowance(keyed, stranger), 3, "anew");
    }

    function test_expired() public {
        goTo(COMMITTED);
        permit(KEY, 7, 0, START - 1, abi.encodeWithSelector(ERC20Permit.ERC2612ExpiredSignature.selector, START - 1));
        permit(KEY, 7, 0, START, "");
        check(token.allowance(keyed, stranger), 7, "in its last second");
    }

    function test_ofSomebodyElse() public {
        goTo(COMMITTED);
        address other = vm.addr(KEY + 1);
        bytes memory why = abi.encodeWithSelector(ERC20Permit.ERC2612InvalidSigner.selector, other, keyed);
        permit(KEY + 1, 7, 0, DEADLINE, why);
        check(token.allowance(keyed, stranger), 0, "nothing is allowed");
        check(token.nonces(keyed), 0, "no nonce is used up");
    }

    /// @dev A signature for the successor of another lane is none for this one.
    function test_ofAnotherToken() public {
        addLane(READ_THROUGH);
        goTo(COMMITTED);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, digest(keyed, 7, 0, DEADLINE));
        vm.expectRevert();
        ledgers[1].permit(keyed, stranger, 7, DEADLINE, v, r, s);
    }
}
